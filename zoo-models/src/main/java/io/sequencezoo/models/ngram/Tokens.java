package io.sequencezoo.models.ngram;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.State;
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
  private final int steps;

  private Tokens(int[][] rows, int[] held, int steps) {
    this.rows = rows;
    this.held = held;
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
    for (int b = 0; b < rows.length; b++) {
      int length = lengths == null ? steps : lengths[b];
      rows[b] = new int[held[b] + length];
      System.arraycopy(before, b * slots, rows[b], 0, held[b]);
      System.arraycopy(fresh, b * steps, rows[b], held[b], length);
    }
    return new Tokens(rows, held, steps);
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
    int slots = Arrays.stream(rows).mapToInt(row -> row.length).max().orElse(0);
    if (slots == 0) {
      return none(tape, rows.length);
    }
    int[] flat = new int[rows.length * slots];
    for (int b = 0; b < rows.length; b++) {
      System.arraycopy(rows[b], 0, flat, b * slots, rows[b].length);
    }
    return tape.constant(Nd4j.createFromArray(flat).reshape('c', rows.length, slots));
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

  /** All tokens of a row. */
  int[] row(int b) {
    return rows[b];
  }
}
