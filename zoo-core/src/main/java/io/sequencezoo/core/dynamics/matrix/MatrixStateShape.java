package io.sequencezoo.core.dynamics.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.math.IntMath;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.shape.Shapes;
import java.util.List;
import java.util.Map;

/**
 * The sizes of one call of a matrix-state recurrence.
 *
 * @param batch B
 * @param steps T
 * @param writes N, writes per token
 * @param heads H, of values and state
 * @param groups the number of runs of heads that share no key, query or gate with another run
 * @param keys K
 * @param values V
 * @param decay how the log decay is given
 * @param update what a token does to the decayed state
 * @param normalised whether a normaliser {@code z} runs along as one more value column of ones
 */
record MatrixStateShape(
    int batch,
    int steps,
    int writes,
    int heads,
    int groups,
    int keys,
    int values,
    Decay decay,
    Update update,
    boolean normalised) {

  /** As many tasks as the backward pass is cut into where sharing vectors allows fewer. */
  private static final int BACKWARD_TASKS = 4;

  /** How the log decay {@code g} is given. */
  enum Decay {
    /** Not at all: {@code S} forgets nothing by itself. */
    NONE,
    /** {@code [B, T, H]}. */
    HEAD,
    /** {@code [B, T, H, K]}. */
    CHANNEL,
    /** {@code gv [B, T, H, V]}: columns of the state forget, not rows. */
    VALUE
  }

  /** What a token does to the decayed state. */
  enum Update {
    /** Adds {@code k vᵀ}. */
    SUM,
    /** Replaces what {@code k} recalls by {@code v}, to the share {@code beta}. */
    DELTA,
    /** Adds {@code k vᵀ} and {@code b (aᵀ S)} of the state before its decay. */
    LOW_RANK
  }

  static MatrixStateShape of(
      String subject, Map<String, Variable> c, Update update, boolean normalised) {
    List<Coefficient> needed = Coefficient.needed(update);
    for (Coefficient coefficient : needed) {
      checkArgument(
          c.get(coefficient.key()) != null,
          "%s: needs coefficients %s, got %s; add %s",
          subject,
          needed,
          c.keySet(),
          coefficient);
    }
    Checker checker = new Checker(subject, c, update);
    needed.forEach(checker::check);
    Decay decay = checker.decay(normalised);
    return new MatrixStateShape(
        checker.batch,
        checker.steps,
        checker.writes,
        checker.heads,
        checker.groups,
        checker.keys,
        checker.values,
        decay,
        update,
        normalised);
  }

  /** Columns of a state tile: V, and one for the normaliser. */
  int columns() {
    return normalised ? values + 1 : values;
  }

  /** How many decays a row has in a tile. */
  int decayed() {
    return decay == Decay.VALUE ? columns() : keys;
  }

  /** Whether rows of the state, which keys write, forget. */
  boolean decaysRows() {
    return decay == Decay.HEAD || decay == Decay.CHANNEL;
  }

  /** Numbers in a state tile. */
  int stateLength() {
    return keys * columns();
  }

  /** Heads that may share keys, queries or gates: those of one group. */
  int headsPerGroup() {
    return heads / groups;
  }

  /**
   * Tasks that a group's heads are cut into for the backward pass, where they would otherwise leave
   * processors idle; each keeps its own sums of what its heads add to shared vectors.
   */
  int slices() {
    int rows = Math.max(1, batch * groups);
    return Math.min(headsPerGroup(), (BACKWARD_TASKS + rows - 1) / rows);
  }

  /** Reads sizes off the coefficients and checks all others against them. */
  private static final class Checker {
    private final String subject;
    private final Map<String, Variable> c;
    private final int batch;
    private final int steps;
    private final boolean several;
    private final int writes;
    private final int heads;
    private final int keys;
    private final Update update;

    /** Not known before values are checked. */
    private int values = -1;

    private int groups;

    Checker(String subject, Map<String, Variable> c, Update update) {
      this.subject = subject;
      this.c = c;
      this.update = update;
      Variable q = c.get(Coefficient.QUERY.key());
      Variable v = c.get(Coefficient.VALUE.key());
      Shapes.check(subject + " q", q.operand(), "BTHK", -1, -1, -1, -1);
      this.batch = q.size(0);
      this.steps = q.size(1);
      this.keys = q.size(3);
      this.several = update == Update.DELTA && v.shape().length == 5;
      this.writes = several ? v.size(2) : 1;
      checkArgument(
          writes >= 1 && writes <= ChunkSize.ROWS,
          "%s v: writes per token must be in 1 to %s, got %s",
          subject,
          ChunkSize.ROWS,
          writes);
      checkSizes(Coefficient.VALUE, Coefficient.VALUE.axes(several));
      this.heads = v.size(-2);
      this.values = v.size(-1);
      this.groups = heads;
    }

    void check(Coefficient coefficient) {
      check(coefficient, coefficient.axes(several));
    }

    private void check(Coefficient coefficient, String axes) {
      checkSizes(coefficient, axes);
      share(coefficient, c.get(coefficient.key()).size(axes.indexOf('H')));
    }

    Decay decay(boolean normalised) {
      Variable g = c.get(Coefficient.DECAY.key());
      if (c.get(Coefficient.VALUE_DECAY.key()) != null) {
        checkArgument(
            g == null && update == Update.SUM && !normalised,
            "%s gv: decays of value channels must be alone, in a plain sum without normaliser, got"
                + " %s; leave gv out",
            subject,
            c.keySet());
        check(Coefficient.VALUE_DECAY);
        return Decay.VALUE;
      }
      if (g == null) {
        return Decay.NONE;
      }
      boolean perHead = g.shape().length == 3;
      check(Coefficient.DECAY, perHead ? "BTH" : Coefficient.DECAY.axes(several));
      return perHead ? Decay.HEAD : Decay.CHANNEL;
    }

    private void checkSizes(Coefficient coefficient, String axes) {
      long[] expected = new long[axes.length()];
      for (int i = 0; i < expected.length; i++) {
        switch (axes.charAt(i)) {
          case 'B' -> expected[i] = batch;
          case 'T' -> expected[i] = steps;
          case 'N' -> expected[i] = writes;
          case 'K' -> expected[i] = keys;
          case 'V' -> expected[i] = values;
          default -> expected[i] = -1;
        }
      }
      Shapes.check(subject + " " + coefficient, c.get(coefficient.key()).operand(), axes, expected);
    }

    private void share(Coefficient coefficient, int count) {
      checkArgument(
          count >= 1 && heads % count == 0,
          "%s %s: heads must divide those of v, H=%s, got %s",
          subject,
          coefficient,
          heads,
          count);
      groups = IntMath.gcd(groups, count);
    }
  }
}
