package io.sequencezoo.core.dynamics.matrix;

import com.google.common.collect.ImmutableSet;
import io.sequencezoo.core.dynamics.matrix.MatrixStateShape.Decay;
import io.sequencezoo.core.dynamics.matrix.MatrixStateShape.Update;
import java.util.Arrays;
import java.util.List;

/**
 * What drives a matrix-state recurrence: the one definition of each coefficient's name, axes and
 * forms. Its checks, its rows in a tile and the layout of its gradient, which is its own, follow.
 *
 * <p>Axes are batch B, time T, writes of a token N (absent for one), heads H, keys K, values V.
 */
enum Coefficient {
  /** What reads the state. */
  QUERY("q", "BTHK", ImmutableSet.copyOf(Update.values())),
  /** Along which a token writes. */
  KEY("k", "BTNHK", ImmutableSet.copyOf(Update.values())),
  /** What it writes. */
  VALUE("v", "BTNHV", ImmutableSet.copyOf(Update.values())),
  /** The log decay, per key channel or per head; may be absent. */
  DECAY("g", "BTHK", ImmutableSet.of()),
  /** The log decay per value channel instead; may be absent. */
  VALUE_DECAY("gv", "BTHV", ImmutableSet.of()),
  /** The delta rule's rate. */
  BETA("beta", "BTNH", ImmutableSet.of(Update.DELTA)),
  /** What reads the undecayed state of the low-rank form. */
  READ("a", "BTHK", ImmutableSet.of(Update.LOW_RANK)),
  /** Along which that is written again. */
  WRITE("b", "BTHK", ImmutableSet.of(Update.LOW_RANK));

  private final String key;
  private final String axes;
  private final ImmutableSet<Update> needs;

  Coefficient(String key, String axes, ImmutableSet<Update> needs) {
    this.key = key;
    this.axes = axes;
    this.needs = needs;
  }

  /** The name under which users give it. */
  String key() {
    return key;
  }

  /** Its axes where tokens write once or several times. */
  String axes(boolean several) {
    return several ? axes : axes.replace("N", "");
  }

  /** Whether there is one for every write of a token, not one for the token. */
  boolean isPerWrite() {
    return axes.indexOf('N') >= 0;
  }

  /** Whether it is a number per head, not a vector. */
  boolean isLone(MatrixStateShape shape) {
    return this == BETA || (this == DECAY && shape.decay() == Decay.HEAD);
  }

  /** The numbers of a row in a tile: a value's has one more for the normaliser. */
  int width(MatrixStateShape shape) {
    return switch (this) {
      case BETA -> 1;
      case VALUE, VALUE_DECAY -> shape.columns();
      default -> shape.keys();
    };
  }

  /** The coefficients without which there is no such recurrence. */
  static List<Coefficient> needed(Update update) {
    return Arrays.stream(values()).filter(c -> c.needs.contains(update)).toList();
  }

  /** The coefficients that a recurrence of this shape has. */
  static Coefficient[] given(MatrixStateShape shape) {
    return Arrays.stream(values())
        .filter(c -> c.isDecayOf(shape) || c.needs.contains(shape.update()))
        .toArray(Coefficient[]::new);
  }

  /** Whether it is the log decay of this shape. */
  boolean isDecayOf(MatrixStateShape shape) {
    return switch (shape.decay()) {
      case NONE -> false;
      case HEAD, CHANNEL -> this == DECAY;
      case VALUE -> this == VALUE_DECAY;
    };
  }

  @Override
  public String toString() {
    return key;
  }
}
