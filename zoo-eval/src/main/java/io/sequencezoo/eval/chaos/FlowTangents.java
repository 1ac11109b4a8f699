package io.sequencezoo.eval.chaos;

import io.sequencezoo.datasets.chaos.ChaoticSystem;
import io.sequencezoo.datasets.chaos.Flow;
import io.sequencezoo.eval.analysis.Tangents;

/**
 * Small differences along a trajectory of a true system, by central differences of its steps: in
 * double precision they are right to nine digits, which exponents don't see.
 */
final class FlowTangents implements Tangents {
  /** Of the state; near the cube root of double precision. */
  private static final double SMALL = 6e-6;

  private final Flow flow;
  private final int stride;
  private final double[] state;

  /** From a state on the attractor, one sample at a time. */
  FlowTangents(ChaoticSystem system, double[] state) {
    this.flow = system.flow();
    this.stride = system.stride();
    this.state = state.clone();
  }

  @Override
  public int size() {
    return state.length;
  }

  @Override
  public void advance(double[][] directions) {
    for (int t = 0; t < stride; t++) {
      step(directions);
    }
  }

  private void step(double[][] directions) {
    double largest = 0;
    for (double x : state) {
      largest = Math.max(largest, Math.abs(x));
    }
    double[] up = new double[state.length];
    double[] down = new double[state.length];
    for (double[] direction : directions) {
      double length = 0;
      for (double x : direction) {
        length = Math.max(length, Math.abs(x));
      }
      double h = length == 0 ? 1 : SMALL * largest / length;
      for (int i = 0; i < state.length; i++) {
        up[i] = state[i] + h * direction[i];
        down[i] = state[i] - h * direction[i];
      }
      flow.step(up);
      flow.step(down);
      for (int i = 0; i < state.length; i++) {
        direction[i] = (up[i] - down[i]) / (2 * h);
      }
    }
    flow.step(state);
  }
}
