package io.sequencezoo.core.block;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.Segments;
import io.sequencezoo.core.op.Segments.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** States of packed sequences: one row per sequence, cut into the rows of batches and joined. */
final class PackedStates {
  private PackedStates() {}

  /** The rows of a batch, in its order. */
  static State rows(Tape tape, State state, PackedSequences.Batch batch) {
    int[] rows = batch.sequences();
    if (rows.length == state.consumed().length) {
      // All of them, which are in order.
      return state;
    }
    Map<String, Variable> parts = new LinkedHashMap<>();
    state
        .parts()
        .forEach(
            (name, part) -> {
              long size = part.length() / part.size(0);
              List<Segment> segments = new ArrayList<>();
              for (int b = 0; b < rows.length; b++) {
                segments.add(new Segment(0, rows[b] * size, b * size, size));
              }
              long[] shape = part.shape().clone();
              shape[0] = rows.length;
              parts.put(
                  name, Segments.copy(tape, List.of(contiguous(tape, part)), segments, shape));
            });
    int[] consumed = state.consumed();
    return new State(parts, Arrays.stream(rows).map(row -> consumed[row]).toArray());
  }

  /**
   * The states after all batches, one row per sequence. A part whose shape differs from batch to
   * batch, such as a cache with as many slots as the longest row has tokens, gets the largest,
   * filled up with zeros.
   */
  static State join(Tape tape, PackedSequences sequences, List<State> states) {
    if (states.size() == 1) {
      return states.get(0);
    }
    int[] consumed = new int[sequences.count()];
    for (int k = 0; k < states.size(); k++) {
      int[] own = sequences.batches().get(k).sequences();
      for (int b = 0; b < own.length; b++) {
        consumed[own[b]] = states.get(k).consumed()[b];
      }
    }
    Map<String, Variable> parts = new LinkedHashMap<>();
    for (String name : states.get(0).parts().keySet()) {
      List<Variable> own = states.stream().map(state -> contiguous(tape, state.get(name))).toList();
      parts.put(name, join(tape, name, sequences, own));
    }
    return new State(parts, consumed);
  }

  private static Variable join(
      Tape tape, String name, PackedSequences sequences, List<Variable> parts) {
    long[] shape = parts.get(0).shape().clone();
    int ragged = 0;
    for (Variable part : parts) {
      for (int axis = 1; axis < shape.length; axis++) {
        if (part.size(axis) != shape[axis]) {
          checkArgument(
              ragged == 0 || ragged == axis,
              "packed: state %s may grow along one axis, got %s and %s",
              name,
              Arrays.toString(shape),
              Arrays.toString(part.shape()));
          ragged = axis;
          shape[axis] = Math.max(shape[axis], part.size(axis));
        }
      }
    }
    shape[0] = sequences.count();
    // Elements that lie together: all of a row, or what is behind the growing axis.
    long outer = ragged == 0 ? 1 : product(shape, 1, ragged);
    long inner =
        ragged == 0 ? product(shape, 1, shape.length) : product(shape, ragged, shape.length);
    List<Segment> segments = new ArrayList<>();
    for (int k = 0; k < parts.size(); k++) {
      int[] rows = sequences.batches().get(k).sequences();
      long own = parts.get(k).length() / Math.max(1, rows.length * outer);
      for (int b = 0; b < rows.length; b++) {
        for (long o = 0; o < outer; o++) {
          segments.add(new Segment(k, (b * outer + o) * own, (rows[b] * outer + o) * inner, own));
        }
      }
    }
    return Segments.copy(tape, parts, segments, shape);
  }

  private static long product(long[] shape, int from, int to) {
    return Arrays.stream(shape, from, to).reduce(1, (x, y) -> x * y);
  }

  /** What steps left may be a view with room behind it. */
  private static Variable contiguous(Tape tape, Variable part) {
    return part.value().isView() && !part.requiresGradient() ? tape.constant(part.value()) : part;
  }
}
