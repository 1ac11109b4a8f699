package io.sequencezoo.models.ssm;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.diagonal.ElementwiseRecurrence;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Gates;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * minGRU: a gated recurrent unit whose gate and candidate see the input only, and so a linear
 * system of one state per channel that averages positive candidates.
 *
 * <pre>{@code
 * z, c = x_t W_z, x_t W_c                     optionally of conv(x)_t
 * h_t = (1 - σ(z)) ⊙ h_{t-1} + σ(z) ⊙ p(c)    state     p(c) = c + ½ where c >= 0, σ(c) elsewhere
 * y_t = h_t, or h_t W_o where E ≠ D
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; E channels within
 *   <li>{@code h}: {@code [B, E]} state, E numbers per sequence, constant in T, zero at first;
 *       {@code conv_x}: {@code [B, W-1, D]} last inputs of the convolution, where there is one
 *   <li>{@code update, candidate [D, E]}: projections without bias, PyTorch's default; {@code
 *       output [E, D]}: only where E ≠ D
 * </ul>
 *
 * <p>Cost per token: O(D E) time, O(E) memory. Differs from the paper: the state starts at zero;
 * the scan runs on the decays themselves, for which the paper's logarithms make its scan safe.
 * Numerical care: {@code 1 - σ(z)} is computed as {@code σ(-z)}.
 */
@Paper(
    key = "feng2024minimal",
    title = "Were RNNs All We Needed?",
    authors = "Feng, Tung, Ahmed, Bengio and Hajimirsadeghi 2024",
    arxiv = "2410.01201",
    equations = "section 3.1 and appendix B")
@Source(
    repo = "lucidrains/minGRU-pytorch",
    path = "minGRU_pytorch/minGRU.py",
    commit = "270743367e9d9d1ea7e2fc0fba4145e3cc8c2c8c")
public final class MinGru implements Parametrisation {
  private static final String OUTPUT = "output";
  private static final String[] GATES = {"update", "candidate"};

  private final int width;
  private final int inner;
  private final ShortConvolutions convolution;
  private final ElementwiseRecurrence recurrence = new ElementwiseRecurrence();

  /**
   * A layer of width D.
   *
   * @param inner E, the number of channels
   * @param span W, of the convolution, or 0 for none
   */
  public MinGru(int width, int inner, int span) {
    this.width = width;
    this.inner = inner;
    this.convolution = new ShortConvolutions(span, ImmutableMap.of("x", width), null, false);
  }

  @Override
  public String name() {
    return MinGruConfig.NAME;
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public Recurrence recurrence() {
    return recurrence;
  }

  @Override
  public void declare(Declaration declaration) {
    convolution.declare(declaration, Convolutions.uniform());
    for (String gate : GATES) {
      declaration.weight(gate, Initialisers.fanInUniform(), width, inner);
    }
    if (inner != width) {
      declaration.weight(OUTPUT, Initialisers.fanInUniform(), inner, width);
    }
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return convolution.initialState(context, batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> caches = new LinkedHashMap<>();
    Variable u = convolution.apply(context, "x", x, state, caches);
    List<Variable> logits = new ArrayList<>();
    for (String gate : GATES) {
      logits.add(Dense.linear(tape, u, context.parameter(gate), null));
    }
    Variable[] coefficients = Gates.apply(tape, MinimalGate.gru(), logits, List.of());
    return new Drive(
        Map.of(
            ElementwiseRecurrence.DECAY, coefficients[0],
            ElementwiseRecurrence.INPUT, coefficients[1]),
        Map.of(),
        caches);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    return inner == width
        ? outputs
        : Dense.linear(context.tape(), outputs, context.parameter(OUTPUT), null);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return (long) inner * type.width() + convolution.stateBytes(type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long products = (long) GATES.length + (inner == width ? 0 : 1);
    return products * width * inner + convolution.multiplyAddsPerToken() + inner;
  }
}
