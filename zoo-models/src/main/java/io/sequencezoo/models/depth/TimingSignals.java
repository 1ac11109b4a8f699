package io.sequencezoo.models.depth;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.PackedSequences;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.Embedding;
import io.sequencezoo.core.op.Sinusoids;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.factory.Nd4j;

/** What is added to the stream before every step: where and when it is. */
final class TimingSignals {
  private static final String STEP = "step";
  private static final String POSITION = "position";
  private static final String WEIGHT = "weight";

  private final int depth;
  private final int maxPositions;
  private final int width;
  private final Timing steps;
  private final Timing positions;
  private final double scale;

  TimingSignals(UniversalTransformerConfig config, int width) {
    this.depth = config.depth();
    this.maxPositions = config.maxPositions();
    this.width = width;
    this.steps = config.stepTiming();
    this.positions = config.positionTiming();
    this.scale = config.timingScale();
  }

  void declare(Declaration declaration) {
    if (steps == Timing.LEARNED) {
      declaration.child(STEP).weight(WEIGHT, Initialisers.normal(scale), depth, width);
    }
    if (positions == Timing.LEARNED) {
      declaration.child(POSITION).weight(WEIGHT, Initialisers.normal(scale), maxPositions, width);
    }
  }

  /** The stream and its timing before step n, from 0. */
  Variable add(Context context, Variable stream, @Nullable Variable ofPositions, int n) {
    Tape tape = context.tape();
    Variable timed = ofPositions == null ? stream : Primitives.add(tape, stream, ofPositions);
    if (steps == Timing.NONE) {
      return timed;
    }
    Variable ofStep =
        steps == Timing.LEARNED
            ? Primitives.slice(tape, context.child(STEP).parameter(WEIGHT), 0, n, n + 1L)
            : Sinusoids.of(tape, stream.type(), new int[] {n}, width, scale);
    return Primitives.add(tape, timed, ofStep);
  }

  /** The timing of positions, which broadcasts to {@code x [B, T, D]}; null for none. */
  @Nullable Variable positions(Context context, Variable x, @Nullable State initial) {
    if (positions == Timing.NONE) {
      return null;
    }
    int[] at = at(context, x, initial);
    Tape tape = context.tape();
    int rows = at.length / x.size(1);
    if (positions == Timing.SINUSOIDAL) {
      Variable waves = Sinusoids.of(tape, x.type(), at, width, scale);
      return Primitives.reshape(tape, waves, rows, x.size(1), width);
    }
    return Embedding.lookup(
        tape,
        context.child(POSITION).parameter(WEIGHT),
        Nd4j.createFromArray(at).reshape('c', rows, x.size(1)));
  }

  /** Positions counted from the start of each sequence: of one row where all have the same. */
  private int[] at(Context context, Variable x, @Nullable State initial) {
    int steps = x.size(1);
    PackedSequences packed = context.sequences();
    int count = packed == null ? x.size(0) : packed.count();
    int[] consumed = initial == null ? new int[count] : initial.consumed();
    if (packed != null) {
      int[] at = new int[packed.total()];
      for (int i = 0; i < count; i++) {
        fill(at, packed.start(i), packed.start(i + 1) - packed.start(i), consumed[i]);
      }
      return at;
    }
    int[] lengths = context.lengths();
    boolean same = lengths == null && Arrays.stream(consumed).distinct().count() <= 1;
    int[] at = new int[(same ? 1 : count) * steps];
    for (int b = 0; b * steps < at.length; b++) {
      fill(at, b * steps, lengths == null ? steps : lengths[b], consumed[b]);
    }
    return at;
  }

  /** Padded positions keep 0, which is always valid. */
  private void fill(int[] at, int from, int length, int first) {
    checkArgument(
        positions != Timing.LEARNED || first + length <= maxPositions,
        "%s: a sequence must fit maxPositions=%s, got %s tokens; raise maxPositions",
        UniversalTransformerConfig.NAME,
        maxPositions,
        first + length);
    for (int t = 0; t < length; t++) {
      at[from + t] = first + t;
    }
  }
}
