package io.sequencezoo.models.memory;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Norms;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Titans with memory as a gate: a short-term branch of attention in a window, multiplied by what a
 * long-term memory of the same input reads.
 *
 * <pre>{@code
 * a = attention(x)                       m = memory(x)
 * y = rms(a) ⊙ σ(rms(m))                 each with a gain per channel      (eqs. 26-28)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>state: the memory's, and the attention's as {@code attention.part}
 *   <li>{@code attention_norm, memory_norm}: {@code [D]}, from one, eps 1e-5; parameters of the
 *       branches under {@code attention} and {@code memory}
 * </ul>
 *
 * <p>As a dynamical system it is its memory. Cost per token: both branches. Differs from the paper:
 * no persistent tokens before the input. Numerical care: none.
 */
@Paper(
    key = "behrouz2025titans",
    title = "Titans: Learning to Memorize at Test Time",
    authors = "Behrouz, Zhong and Mirrokni 2025",
    arxiv = "2501.00663",
    equations = "26-28")
@Source(
    repo = "lucidrains/titans-pytorch",
    path = "titans_pytorch/neural_memory.py",
    commit = "cc016eb")
public final class TitansGate extends AbstractParametrisation {
  private static final double EPS = 1e-5;
  private static final String MEMORY = "memory";
  private static final String ATTENTION = "attention";
  private static final String NORM = "_norm";

  private final Parametrisation memory;
  private final SequenceMixer attention;

  /** Two branches of one width. */
  TitansGate(SequenceMixer memory, SequenceMixer attention) {
    super(
        TitansGateConfig.NAME,
        memory.parametrisation().width(),
        memory.parametrisation().recurrence());
    this.memory = memory.parametrisation();
    this.attention = attention;
  }

  @Override
  public boolean isBidirectional() {
    return memory.isBidirectional() || attention.parametrisation().isBidirectional();
  }

  @Override
  public void declare(Declaration declaration) {
    memory.declare(declaration.child(MEMORY));
    attention.declare(declaration.child(ATTENTION));
    declaration.undecayed(MEMORY + NORM, Initialisers.ones(), width);
    declaration.undecayed(ATTENTION + NORM, Initialisers.ones(), width);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    attention
        .initialState(context.child(ATTENTION), batch, type)
        .parts()
        .forEach((name, part) -> parts.put(ATTENTION + "." + name, part));
    parts.putAll(memory.initialState(context.child(MEMORY), batch, type));
    return parts;
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Map<String, Variable> before = new LinkedHashMap<>();
    String prefix = ATTENTION + ".";
    state
        .parts()
        .forEach(
            (name, part) -> {
              if (name.startsWith(prefix)) {
                before.put(name.substring(prefix.length()), part);
              }
            });
    Evolution attended =
        attention.within(context.child(ATTENTION), x, new State(before, state.counts()));
    Map<String, Variable> own = new LinkedHashMap<>();
    attended.state().parts().forEach((name, part) -> own.put(prefix + name, part));
    Drive drive = memory.drive(context.child(MEMORY), x, state);
    own.putAll(drive.ownState());
    Map<String, Variable> extras = new LinkedHashMap<>(drive.extras());
    extras.put(ATTENTION, attended.outputs());
    return new Drive(drive.coefficients(), extras, own);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable read = memory.readOut(context.child(MEMORY), outputs, drive);
    Variable attended = drive.extra(ATTENTION);
    return Activations.gated(
        tape,
        Unary.SIGMOID,
        Norms.rmsNorm(tape, read, context.parameter(MEMORY + NORM), null, EPS, width),
        Norms.rmsNorm(tape, attended, context.parameter(ATTENTION + NORM), null, EPS, width));
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return memory.stateBytes(consumed, type)
        + attention.parametrisation().stateBytes(consumed, type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    return memory.multiplyAddsPerToken(position)
        + attention.parametrisation().multiplyAddsPerToken(position);
  }
}
