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
 * minLSTM: an LSTM whose gates and candidate see the input only, with gates that add up to 1, and
 * so a linear system of one state per channel that averages positive candidates.
 *
 * <pre>{@code
 * f, i, c = x_t W_f, x_t W_i, x_t W_c         optionally of conv(x)_t
 * f' = σ(f) / (σ(f) + σ(i))                   i' = 1 - f'
 * h_t = f' ⊙ h_{t-1} + i' ⊙ p(c)              state     p(c) = c + ½ where c >= 0, σ(c) elsewhere
 * y_t = h_t, or h_t W_o where E ≠ D
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; E channels within
 *   <li>{@code h}: {@code [B, E]} state, E numbers per sequence, constant in T, zero at first;
 *       {@code conv_x}: {@code [B, W-1, D]} last inputs of the convolution, where there is one
 *   <li>{@code forget, input, candidate [D, E]}: projections without bias, PyTorch's default;
 *       {@code output [E, D]}: only where E ≠ D
 * </ul>
 *
 * <p>Cost per token: O(D E) time, O(E) memory. Differs from the paper: the state starts at zero;
 * the scan runs on the decays themselves, for which the paper's logarithms make its scan safe.
 * Numerical care: both gates are normalised in log space, so that their sum may vanish.
 */
@Paper(
    key = "feng2024minimal",
    title = "Were RNNs All We Needed?",
    authors = "Feng, Tung, Ahmed, Bengio and Hajimirsadeghi 2024",
    arxiv = "2410.01201",
    equations = "section 3.2 and appendix B")
@Source(
    repo = "lucidrains/minGRU-pytorch",
    path = "minGRU_pytorch/minLSTM.py",
    commit = "63e86bb706fe0582405b60463136eb66a4d60e19")
public final class MinLstm implements Parametrisation {
  private static final String OUTPUT = "output";
  private static final String[] GATES = {"forget", "input", "candidate"};

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
  public MinLstm(int width, int inner, int span) {
    this.width = width;
    this.inner = inner;
    this.convolution = new ShortConvolutions(span, ImmutableMap.of("x", width), null, false);
  }

  @Override
  public String name() {
    return MinLstmConfig.NAME;
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
    Variable[] coefficients = Gates.apply(tape, MinimalGate.lstm(), logits, List.of());
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
