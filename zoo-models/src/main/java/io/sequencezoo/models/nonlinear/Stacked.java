package io.sequencezoo.models.nonlinear;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.Dropout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Mixers one on top of the other without norms or residuals between them, as {@code num_layers} of
 * PyTorch's recurrent layers.
 *
 * <pre>{@code
 * y^0 = x      y^l = mixer_l(dropout(y^(l-1)))      y = y^L
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>state: those of all mixers; parts of mixer l below the top as {@code mixerl.part}
 *   <li>dropout between mixers: a mask of its own for every position; the mixers' own dropout is
 *       theirs
 * </ul>
 *
 * <p>As a dynamical system it is its top mixer, driven by the outputs of those below.
 */
@Paper(
    key = "graves2013speech",
    arxiv = "1303.5778",
    title = "Speech Recognition with Deep Recurrent Neural Networks",
    authors = "Graves, Mohamed and Hinton 2013")
@Source(
    repo = "pytorch/pytorch",
    path = "torch/nn/modules/rnn.py",
    commit = "e6f551aa3e44ae79694352a686f9cf503768ead6")
public final class Stacked extends AbstractParametrisation {
  private static final String LOWER = "mixer";

  private final List<SequenceMixer> lower;
  private final Parametrisation top;
  private final double dropout;

  /**
   * Mixers of one width, from the bottom to the top.
   *
   * @param dropout rate at which the outputs of all but the top are dropped
   */
  public Stacked(List<SequenceMixer> mixers, double dropout) {
    this(mixers, mixers.get(mixers.size() - 1).parametrisation(), dropout);
  }

  private Stacked(List<SequenceMixer> mixers, Parametrisation top, double dropout) {
    super(StackedConfig.NAME, top.width(), top.recurrence());
    this.lower = List.copyOf(mixers.subList(0, mixers.size() - 1));
    this.top = top;
    this.dropout = dropout;
  }

  @Override
  public boolean isBidirectional() {
    return top.isBidirectional()
        || lower.stream().anyMatch(mixer -> mixer.parametrisation().isBidirectional());
  }

  @Override
  public void declare(Declaration declaration) {
    for (int l = 0; l < lower.size(); l++) {
      lower.get(l).declare(declaration.child(LOWER + l));
    }
    top.declare(declaration.child(LOWER + lower.size()));
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    for (int l = 0; l < lower.size(); l++) {
      String prefix = LOWER + l;
      lower
          .get(l)
          .initialState(context.child(prefix), batch, type)
          .parts()
          .forEach((name, part) -> parts.put(prefix + "." + name, part));
    }
    parts.putAll(top.initialState(topContext(context), batch, type));
    return parts;
  }

  private Context topContext(Context context) {
    return context.child(LOWER + lower.size());
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Map<String, Variable> own = new LinkedHashMap<>();
    Variable y = x;
    for (int l = 0; l < lower.size(); l++) {
      String prefix = LOWER + l;
      Evolution evolution =
          lower.get(l).within(context.child(prefix), y, part(state, prefix + "."));
      evolution.state().parts().forEach((name, part) -> own.put(prefix + "." + name, part));
      y = evolution.outputs();
      if (context.isTraining()) {
        y = Dropout.apply(context.tape(), y, dropout, context.seed(prefix + " dropout"));
      }
    }
    Drive drive = top.drive(topContext(context), y, state);
    own.putAll(drive.ownState());
    return new Drive(drive.coefficients(), drive.extras(), own);
  }

  private static State part(State state, String prefix) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    state
        .parts()
        .forEach(
            (name, part) -> {
              if (name.startsWith(prefix)) {
                parts.put(name.substring(prefix.length()), part);
              }
            });
    return new State(parts, state.counts());
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    return top.readOut(topContext(context), outputs, drive);
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return top.stateBytes(consumed, type)
        + lower.stream()
            .mapToLong(mixer -> mixer.parametrisation().stateBytes(consumed, type))
            .sum();
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    return top.multiplyAddsPerToken(position)
        + lower.stream()
            .mapToLong(mixer -> mixer.parametrisation().multiplyAddsPerToken(position))
            .sum();
  }
}
