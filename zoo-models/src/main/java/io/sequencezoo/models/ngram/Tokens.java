package io.sequencezoo.models.ngram;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Lengths;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.op.Indices;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The tokens of every row from its start: those that a state holds, then those of a stretch. */
final class Tokens {
  /** The part of a state: {@code [B, n]} INT, later slots of shorter rows have no meaning. */
  static final String PART = "token";

  private final int[][] rows;
  private final int[] held;
  private final int[] lengths;
  private final int steps;

  private Tokens(int[][] rows, int[] held, int[] lengths, int steps) {
    this.rows = rows;
    this.held = held;
    this.lengths = lengths;
    this.steps = steps;
  }

  /**
   * The tokens of a stretch and those before it.
   *
   * @param given {@code [B, T]}
   * @param state holds what came before
   * @param lengths valid tokens per row, or null for all
   */
  static Tokens of(INDArray given, State state, int @Nullable [] lengths) {
    int[] fresh = Indices.read("tokens", given);
    INDArray past = state.get(PART).value();
    int[] before = Indices.read("state token", past);
    int slots = (int) past.size(1);
    int steps = (int) given.size(1);
    int[] held = state.consumed();
    int[][] rows = new int[held.length][];
    int[] valid = Lengths.of("tokens", lengths, held.length, steps);
    for (int b = 0; b < rows.length; b++) {
      rows[b] = new int[held[b] + valid[b]];
      System.arraycopy(before, b * slots, rows[b], 0, held[b]);
      System.arraycopy(fresh, b * steps, rows[b], held[b], valid[b]);
    }
    return new Tokens(rows, held, valid, steps);
  }

  /**
   * One token of every row and those before it, moving on where the step is repeated.
   *
   * @param given {@code [B, 1]}, read once more for every repetition
   */
  static Tokens ofStep(INDArray given, State state) {
    Variable past = state.get(PART);
    int slots = past.size(1);
    int[] held = Replay.counting(state.counts().clone());
    int[] before = Indices.read("state token", past.operand());
    int[] fresh = new int[held.length];
    int[][] rows = new int[held.length][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = Arrays.copyOfRange(before, b * slots, b * slots + held[b] + 1);
    }
    Replay.run(
        () -> {
          Indices.read("tokens", given, fresh);
          for (int b = 0; b < rows.length; b++) {
            if (held[b] == rows[b].length) {
              rows[b] = Arrays.copyOf(rows[b], 2 * held[b]);
            }
            rows[b][held[b]] = fresh[b];
          }
        });
    return new Tokens(rows, held, Lengths.of("tokens", null, held.length, 1), 1);
  }

  /** The part of a state before the first token. */
  static Variable none(Tape tape, int batch) {
    // ND4J can't make an empty array in a workspace.
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return tape.constant(Nd4j.createUninitialized(DataType.INT32, new long[] {batch, 0}, 'c'));
    }
  }

  /** The part of the state after the stretch. */
  Variable all(Tape tape) {
    INDArray array = array();
    if (array == null) {
      return none(tape, rows.length);
    }
    Replay.growing(array, this::array);
    return tape.record(array, unused -> {});
  }

  /** Null where there are none. */
  private @Nullable INDArray array() {
    int slots = 0;
    for (int b = 0; b < rows.length; b++) {
      slots = Math.max(slots, length(b));
    }
    if (slots == 0) {
      return null;
    }
    int[] flat = new int[rows.length * slots];
    for (int b = 0; b < rows.length; b++) {
      System.arraycopy(rows[b], 0, flat, b * slots, length(b));
    }
    return Nd4j.createFromArray(flat).reshape('c', rows.length, slots);
  }

  int batch() {
    return rows.length;
  }

  /** T, the positions of the stretch. */
  int steps() {
    return steps;
  }

  /** Tokens of a row before the stretch. */
  int held(int b) {
    return held[b];
  }

  /** Tokens of a row, those of the stretch included. */
  int length(int b) {
    return held[b] + lengths[b];
  }

  /** All tokens of a row, {@link #length} of them. */
  int[] row(int b) {
    return rows[b];
  }
}
