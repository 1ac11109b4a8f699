package io.sequencezoo.eval.analysis;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.nonlinear.ConvergenceReport;
import io.sequencezoo.train.Provenance;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a recurrence does as a dynamical system, with what it was computed from: the content of
 * {@code dynamics.json}.
 *
 * @param schema the version of this layout
 * @param provenance what ran, where
 * @param subject the block, its configuration, the weights and the input
 * @param head which of the systems that run side by side
 * @param family of the recurrence
 * @param labels one per step
 * @param lyapunov exponents along the input
 * @param fixedPoints under the mean input, of nonlinear recurrences; null for others
 * @param newton how Newton's method solves the trajectory, of recurrences that have it; null for
 *     others
 * @param plane the trajectory and the fixed points in the plane of the trajectory's two largest
 *     variances; null for linear recurrences
 */
public record DynamicsResults(
    int schema,
    Provenance provenance,
    JsonNode subject,
    int head,
    Family family,
    List<String> labels,
    Lyapunov lyapunov,
    @Nullable FixedPoints fixedPoints,
    @Nullable ConvergenceReport newton,
    @Nullable Plane plane) {
  /** The current version of the layout. */
  public static final int SCHEMA = 1;

  /** Searches for fixed points. */
  private static final int STARTS = 24;

  /** Directions that are followed where state variables move together. */
  private static final int DIRECTIONS = 32;

  /** Copies the labels. */
  public DynamicsResults {
    labels = List.copyOf(labels);
  }

  /**
   * A picture of the state space.
   *
   * @param trajectory pairs of coordinates, T + 1
   * @param points of the fixed points, in their order
   * @param explained shares of the trajectory's variance along both axes
   */
  public record Plane(List<double[]> trajectory, List<double[]> points, double[] explained) {}

  /** Looks at a head; a fifth of the steps is transient. */
  public static DynamicsResults of(ProbeSubject subject, Probe probe, int head) {
    LinearSystem system = probe.linearize(head);
    Family family = probe.mixer().parametrisation().recurrence().family();
    Lyapunov lyapunov = Lyapunov.of(system, system.steps() / 5, DIRECTIONS);
    FixedPoints points = null;
    Plane plane = null;
    // Each search solves with the whole Jacobian; beyond that size exponents are what is left.
    if (family == Family.NONLINEAR && system.stateSize() <= FixedPoints.LARGEST) {
      points = FixedPoints.of(probe, head, STARTS, subject.input().seed());
      plane = plane(FixedPoints.trajectory(system), points);
    }
    return new DynamicsResults(
        SCHEMA,
        Provenance.current(subject, probe.inputHash()),
        Configs.json().valueToTree(subject),
        head,
        family,
        probe.labels(),
        lyapunov,
        points,
        probe.newton().orElse(null),
        plane);
  }

  private static Plane plane(double[][] trajectory, FixedPoints found) {
    PrincipalPlane axes = PrincipalPlane.of(trajectory);
    List<double[]> path = new ArrayList<>();
    for (double[] state : trajectory) {
      path.add(axes.project(state));
    }
    return new Plane(
        path,
        found.points().stream().map(point -> axes.project(point.state())).toList(),
        axes.explained());
  }
}
