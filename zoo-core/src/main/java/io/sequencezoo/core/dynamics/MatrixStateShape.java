package io.sequencezoo.core.dynamics;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.shape.Shapes;
import java.util.Arrays;
import java.util.Map;

/**
 * The sizes of one call of a matrix-state recurrence.
 *
 * @param batch B
 * @param steps T
 * @param heads H
 * @param keys K
 * @param values V
 * @param decay how the log decay is given
 * @param normalised whether a normaliser {@code z} runs along as one more value column of ones
 */
record MatrixStateShape(
    int batch, int steps, int heads, int keys, int values, Decay decay, boolean normalised) {

  /** How the log decay {@code g} is given. */
  enum Decay {
    /** Not at all: {@code S} only grows. */
    NONE,
    /** {@code [B, T, H]}. */
    HEAD,
    /** {@code [B, T, H, K]}. */
    CHANNEL
  }

  static MatrixStateShape of(String subject, Map<String, Variable> c, boolean normalised) {
    for (String name : new String[] {"q", "k", "v"}) {
      checkArgument(
          c.get(name) != null,
          "%s: needs coefficients q, k and v, got %s; add %s",
          subject,
          c.keySet(),
          name);
    }
    Variable q = c.get("q");
    Variable v = c.get("v");
    Shapes.check(subject + " q", q.value(), "BTHK", -1, -1, -1, -1);
    long[] shape = q.shape();
    Shapes.check(subject + " k", c.get("k").value(), "BTHK", shape);
    Shapes.check(subject + " v", v.value(), "BTHV", shape[0], shape[1], shape[2], -1);
    Variable g = c.get("g");
    Decay decay = Decay.NONE;
    if (g != null) {
      decay = g.shape().length == 3 ? Decay.HEAD : Decay.CHANNEL;
      if (decay == Decay.HEAD) {
        Shapes.check(subject + " g", g.value(), "BTH", Arrays.copyOf(shape, 3));
      } else {
        Shapes.check(subject + " g", g.value(), "BTHK", shape);
      }
    }
    return new MatrixStateShape(
        q.size(0), q.size(1), q.size(2), q.size(3), v.size(3), decay, normalised);
  }

  /** Columns of a state tile: V, and one for the normaliser. */
  int columns() {
    return normalised ? values + 1 : values;
  }

  /** Numbers in a state tile. */
  int stateLength() {
    return keys * columns();
  }

  /** Where the vectors of width {@code size} of position t of a head start in {@code [B,T,H,.]}. */
  long at(int row, int t, int head, int size) {
    return (((long) row * steps + t) * heads + head) * size;
  }
}
