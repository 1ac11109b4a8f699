package io.sequencezoo.models.combine;

import io.sequencezoo.core.autodiff.Primitives;
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
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.models.combine.ParallelMixerConfig.Merge;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Mixers side by side: all read the same input, and their outputs become one. Each remembers in its
 * own way, so that a token finds what it needs in whichever keeps it.
 *
 * <pre>{@code
 * y^m = mixer_m(x)
 * y = Σ_m y^m,   [y^1, ..., y^M] W,   or Σ_m softmax(x W_g)_m y^m
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code output}: {@code [M D, D]} where concatenated; {@code gate}: {@code [D, M]} where
 *       gated
 *   <li>state: those of all mixers; parts of those but the first as {@code besidem.part}
 * </ul>
 *
 * <p>As a dynamical system it is its first mixer, beside which the others run. Differs from the
 * paper: no norm and scale per output, projections are each mixer's own.
 */
@Paper(
    key = "dong2024hymba",
    arxiv = "2411.13676",
    title = "Hymba: A Hybrid-head Architecture for Small Language Models",
    authors = "Dong et al. 2024")
@Source(
    repo = "huggingface/transformers",
    path = "src/transformers/models/falcon_h1/modeling_falcon_h1.py",
    commit = "68c08116ff67bbc0b9a72179d72da9dc2355a4dc")
public final class ParallelMixer extends AbstractParametrisation {
  private static final String MIXER = "mixer";
  private static final String BESIDE = "beside";
  private static final String OUTPUT = "output";
  private static final String GATE = "gate";
  private static final String INPUT = "input";

  private final Parametrisation first;
  private final List<SequenceMixer> others;
  private final Merge merge;

  /** Mixers of one width. */
  public ParallelMixer(List<SequenceMixer> mixers, Merge merge) {
    super(
        ParallelMixerConfig.NAME,
        mixers.get(0).parametrisation().width(),
        mixers.get(0).parametrisation().recurrence());
    this.first = mixers.get(0).parametrisation();
    this.others = List.copyOf(mixers.subList(1, mixers.size()));
    this.merge = merge;
  }

  private static String path(int mixer) {
    return MIXER + mixer;
  }

  private static String beside(int mixer) {
    return BESIDE + mixer + ".";
  }

  @Override
  public void declare(Declaration declaration) {
    first.declare(declaration.child(path(0)));
    for (int m = 0; m < others.size(); m++) {
      others.get(m).declare(declaration.child(path(m + 1)));
    }
    long count = others.size() + 1L;
    if (merge == Merge.CONCATENATE) {
      declaration.weight(OUTPUT, Initialisers.xavierUniform(1), count * width, width);
    } else if (merge == Merge.GATED) {
      declaration.weight(GATE, Initialisers.xavierUniform(1), width, count);
    }
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    for (int i = 0; i < others.size(); i++) {
      int m = i + 1;
      others
          .get(i)
          .initialState(context.child(path(m)), batch, type)
          .parts()
          .forEach((name, part) -> parts.put(beside(m) + name, part));
    }
    parts.putAll(first.initialState(context.child(path(0)), batch, type));
    return parts;
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Map<String, Variable> own = new LinkedHashMap<>();
    Map<String, Variable> extras = new HashMap<>();
    for (int i = 0; i < others.size(); i++) {
      int m = i + 1;
      Evolution evolution =
          run(others.get(i), context.child(path(m)), x, under(state.parts(), beside(m)), state);
      evolution.state().parts().forEach((name, part) -> own.put(beside(m) + name, part));
      extras.put(path(m), evolution.outputs());
    }
    Drive drive = first.drive(context.child(path(0)), x, state);
    drive.extras().forEach((name, extra) -> extras.put(path(0) + "." + name, extra));
    extras.put(INPUT, x);
    own.putAll(drive.ownState());
    return new Drive(drive.coefficients(), extras, own);
  }

  /** A token outside of training goes by the mixer's step, which copies no cache. */
  private static Evolution run(
      SequenceMixer mixer, Context context, Variable x, Map<String, Variable> parts, State state) {
    State own = new State(parts, state.counts());
    boolean token = x.size(1) == 1 && context.lengths() == null && !context.tape().isRecording();
    return token ? mixer.step(context, x, own) : mixer.forward(context, x, own);
  }

  /** The values whose names begin so, under what remains of them. */
  private static Map<String, Variable> under(Map<String, Variable> values, String prefix) {
    Map<String, Variable> own = new LinkedHashMap<>();
    values.forEach(
        (name, value) -> {
          if (name.startsWith(prefix)) {
            own.put(name.substring(prefix.length()), value);
          }
        });
    return own;
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Map<String, Variable> ofFirst = under(drive.extras(), path(0) + ".");
    Drive own = new Drive(drive.coefficients(), ofFirst, drive.ownState());
    Variable[] all = new Variable[others.size() + 1];
    all[0] = first.readOut(context.child(path(0)), outputs, own);
    for (int m = 1; m < all.length; m++) {
      all[m] = drive.extra(path(m));
    }
    return merged(context, all, drive.extra(INPUT));
  }

  private Variable merged(Context context, Variable[] all, Variable x) {
    Tape tape = context.tape();
    if (merge == Merge.CONCATENATE) {
      return Dense.linear(tape, Primitives.concat(tape, 2, all), context.parameter(OUTPUT), null);
    }
    Variable gates =
        merge == Merge.SUM
            ? null
            : Primitives.softmax(tape, Dense.linear(tape, x, context.parameter(GATE), null));
    Variable sum = gated(tape, all, gates, 0);
    for (int m = 1; m < all.length; m++) {
      sum = Primitives.add(tape, sum, gated(tape, all, gates, m));
    }
    return sum;
  }

  private static Variable gated(Tape tape, Variable[] all, @Nullable Variable gates, int m) {
    return gates == null
        ? all[m]
        : Primitives.multiply(tape, all[m], Primitives.slice(tape, gates, 2, m, m + 1L));
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return first.stateBytes(consumed, type)
        + others.stream()
            .mapToLong(mixer -> mixer.parametrisation().stateBytes(consumed, type))
            .sum();
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long count = others.size() + 1L;
    long merging =
        switch (merge) {
          case SUM -> 0;
          case CONCATENATE -> count * width * width;
          case GATED -> 2 * count * width;
        };
    return merging
        + first.multiplyAddsPerToken(position)
        + others.stream()
            .mapToLong(mixer -> mixer.parametrisation().multiplyAddsPerToken(position))
            .sum();
  }
}
