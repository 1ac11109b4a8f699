package io.sequencezoo.datasets.image;

import java.util.List;

/** What is drawn: figures around the origin whose farthest points lie at distance 1. */
public enum Shape {
  /** All points up to distance 1. */
  CIRCLE,
  /** Between two circles. */
  RING,
  /** Four equal sides. */
  SQUARE,
  /** Three equal sides. */
  TRIANGLE,
  /** Two bars across each other. */
  CROSS,
  /** One bar. */
  BAR;

  /** All of them, by their numbers. */
  public static final List<Shape> ALL = List.of(values());

  /** The inner circle of a ring. */
  private static final double HOLE = 0.6;

  /** Half the width of bars. */
  private static final double HALF_BAR = 0.25;

  /** Where the arms of bars end, so that their corners lie at distance 1. */
  private static final double ARM = Math.sqrt(1 - HALF_BAR * HALF_BAR);

  /** Its number, as which it is told. */
  public int number() {
    return ALL.indexOf(this);
  }

  /** Whether a point lies within. */
  boolean contains(double x, double y) {
    double distance = Math.hypot(x, y);
    return switch (this) {
      case CIRCLE -> distance <= 1;
      case RING -> distance <= 1 && distance >= HOLE;
      case SQUARE -> Math.max(Math.abs(x), Math.abs(y)) <= Math.sqrt(0.5);
      // The three sides are half as far from the origin as the corners.
      case TRIANGLE -> Math.max(y, Math.max(side(x, y, 1), side(x, y, -1))) <= 0.5;
      case CROSS -> bar(x, y) || bar(y, x);
      case BAR -> bar(x, y);
    };
  }

  private static double side(double x, double y, int direction) {
    return direction * x * Math.sqrt(0.75) - y / 2;
  }

  private static boolean bar(double x, double y) {
    return Math.abs(x) <= ARM && Math.abs(y) <= HALF_BAR;
  }
}
