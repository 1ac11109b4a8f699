package io.sequencezoo.eval.analysis;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.nonlinear.ConvergenceReport;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.eval.report.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the dynamics of a recurrence show: a text for a terminal, and a page of pictures. */
public final class DynamicsReport {
  /** Exponents this close to zero decide nothing at the lengths that are looked at. */
  private static final double UNDECIDED = 1e-3;

  private static final List<String> POINTS_HEADER =
      List.of("fixed point", "stability", "max |λ|", "unstable", "residual", "found from");

  private final String name;
  private final DynamicsResults results;

  /** The report of some results on a block of this name. */
  public DynamicsReport(String name, DynamicsResults results) {
    this.name = name;
    this.results = results;
  }

  /** The text. */
  public String text() {
    StringBuilder text = new StringBuilder(subtitle()).append(System.lineSeparator());
    text.append(TextTable.of(List.of("quantity", "value"), numbers()));
    FixedPoints found = results.fixedPoints();
    if (found != null) {
      text.append(searches(found)).append(System.lineSeparator());
      if (!found.points().isEmpty()) {
        text.append(TextTable.of(POINTS_HEADER, points(found)));
      }
    } else if (results.family() == Family.NONLINEAR) {
      text.append("fixed points: not searched for, since the state has more than ")
          .append(FixedPoints.LARGEST)
          .append(" numbers")
          .append(System.lineSeparator());
    }
    return text.toString().stripTrailing();
  }

  private String subtitle() {
    return String.format(
        Locale.ROOT,
        "%s, %d steps, head %d: %s",
        results.family().name().toLowerCase(Locale.ROOT).replace('_', ' '),
        results.labels().size(),
        results.head(),
        verdict(results.lyapunov().largest()));
  }

  private static String verdict(double largest) {
    if (largest > UNDECIDED) {
      return "small differences grow along this input (chaotic)";
    }
    return largest < -UNDECIDED
        ? "small differences decay along this input (contracting)"
        : "small differences neither grow nor decay";
  }

  private List<List<String>> numbers() {
    Lyapunov lyapunov = results.lyapunov();
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("largest Lyapunov exponent (nats per step)", number(lyapunov.largest())));
    boolean grows = lyapunov.largest() > 0;
    double time = Math.log(2) / Math.abs(lyapunov.largest());
    rows.add(
        List.of(
            grows ? "doubling time of a difference (steps)" : "half-life of a difference (steps)",
            lyapunov.largest() == 0 ? "infinite" : number(time)));
    rows.add(
        List.of(
            "growing directions",
            Long.toString(
                lyapunov.exponents().stream()
                    .filter(exponent -> exponent.value() > 0)
                    .mapToLong(Lyapunov.Exponent::copies)
                    .sum())));
    rows.add(List.of("steps not counted (transient)", "" + lyapunov.transientSteps()));
    if (results.newton() != null) {
      var outcome = results.newton().sequences().get(0);
      rows.add(
          List.of(
              "solved in parallel over time by",
              outcome.path().name().toLowerCase(Locale.ROOT).replace('_', ' ')));
      rows.add(List.of("Newton iterations", "" + outcome.iterations()));
      rows.add(List.of("last residual measured", number(outcome.residual())));
    }
    return rows;
  }

  private String searches(FixedPoints found) {
    return String.format(
        Locale.ROOT,
        "fixed points under the mean input: %d, from %d starts, of which %d found none",
        found.points().size(),
        found.starts(),
        found.unsolved());
  }

  private List<List<String>> points(FixedPoints found) {
    List<List<String>> rows = new ArrayList<>();
    List<FixedPoints.Point> points = found.points();
    for (int i = 0; i < points.size(); i++) {
      FixedPoints.Point point = points.get(i);
      rows.add(
          List.of(
              "point " + i,
              point.stability().name().toLowerCase(Locale.ROOT),
              number(point.spectralRadius()),
              point.unstable() + " of " + point.eigenvalues().size(),
              String.format(Locale.ROOT, "%.1e", point.residual()),
              point.found() + " starts"));
    }
    return rows;
  }

  private static String number(double value) {
    if (Double.isInfinite(value)) {
      return value > 0 ? "infinite" : "-infinite";
    }
    return String.format(Locale.ROOT, "%.4g", value);
  }

  /** The page. */
  public Page page() {
    List<Page.Section> sections = new ArrayList<>();
    sections.add(
        new Page.Section(
            "In numbers", null, List.of(new Page.Table(List.of("quantity", "value"), numbers()))));
    sections.add(
        new Page.Section(
            "Lyapunov exponents",
            "The mean logarithmic growth per step of small differences of the state along the input,"
                + " direction by direction; above zero they grow.",
            List.of(running(), spectrum())));
    FixedPoints found = results.fixedPoints();
    DynamicsResults.Plane plane = results.plane();
    if (found != null && plane != null) {
      sections.add(
          new Page.Section(
              "Fixed points",
              searches(found) + ".",
              found.points().isEmpty()
                  ? List.of(plane(plane, found))
                  : List.of(plane(plane, found), eigenvalues(found))));
      if (!found.points().isEmpty()) {
        sections.add(
            new Page.Section(
                "Stability", null, List.of(new Page.Table(POINTS_HEADER, points(found)))));
      }
    }
    ConvergenceReport newton = results.newton();
    if (newton != null) {
      sections.add(
          new Page.Section(
              "Newton's method",
              "How the whole trajectory is solved in parallel over time.",
              List.of(residuals(newton))));
    }
    sections.add(
        new Page.Section(
            "Provenance",
            null,
            List.of(
                new Page.Text("What ran, and where", Configs.write(results.provenance())),
                new Page.Text("Block, weights and input", Configs.write(results.subject())))));
    return new Page("Dynamics of " + name, subtitle(), sections);
  }

  private Page.Lines running() {
    List<double[]> points = new ArrayList<>();
    double[] running = results.lyapunov().running();
    for (int t = 0; t < running.length; t++) {
      if (Double.isFinite(running[t])) {
        points.add(new double[] {results.lyapunov().transientSteps() + t, running[t]});
      }
    }
    return new Page.Lines(
        "Largest exponent as it settles",
        "Averaged from the end of the transient to each step.",
        "step",
        "nats per step",
        false,
        List.of(new Page.Line("largest exponent", 0, false, points)));
  }

  private Page.Lines spectrum() {
    List<double[]> points = new ArrayList<>();
    double variables = 0;
    for (Lyapunov.Exponent exponent : results.lyapunov().exponents()) {
      variables += exponent.copies();
      if (Double.isFinite(exponent.value())) {
        points.add(new double[] {variables, exponent.value()});
      }
    }
    return new Page.Lines(
        "All exponents",
        "Largest first; those of directions that are forgotten at once are not drawn.",
        "directions of the state",
        "nats per step",
        false,
        List.of(new Page.Line("exponent", 2, false, points)));
  }

  private Page.Lines plane(DynamicsResults.Plane plane, FixedPoints found) {
    List<Page.Line> lines = new ArrayList<>();
    lines.add(new Page.Line("trajectory", 6, false, plane.trajectory()));
    for (int i = 0; i < plane.points().size(); i++) {
      String stability = found.points().get(i).stability().name();
      lines.add(
          new Page.Line(
              "point " + i + ", " + stability.toLowerCase(Locale.ROOT),
              i == 6 ? 7 : i,
              false,
              List.of(plane.points().get(i))));
    }
    return new Page.Lines(
        "State space",
        "The trajectory along the input and the fixed points, in the plane of its largest"
            + " variances.",
        String.format(Locale.ROOT, "first axis (%.0f %% of variance)", 100 * plane.explained()[0]),
        String.format(Locale.ROOT, "second axis (%.0f %%)", 100 * plane.explained()[1]),
        false,
        lines);
  }

  private Page.Plane eigenvalues(FixedPoints found) {
    List<double[]> values = new ArrayList<>();
    List<FixedPoints.Point> points = found.points();
    for (int i = 0; i < points.size(); i++) {
      for (Spectrum.Eigenvalue z : points.get(i).eigenvalues()) {
        values.add(new double[] {z.re(), z.im(), i});
      }
    }
    return new Page.Plane(
        "Eigenvalues at the fixed points",
        "Of the Jacobian F'(s). Inside the unit circle a difference decays.",
        "point",
        values);
  }

  private Page.Lines residuals(ConvergenceReport newton) {
    List<double[]> points = new ArrayList<>();
    double[] residuals = newton.residuals();
    for (int i = 0; i < residuals.length; i++) {
      points.add(new double[] {i, Math.log10(Math.max(1e-300, residuals[i]))});
    }
    return new Page.Lines(
        "Residual",
        "The largest |f(h, x) - h| over time before each iteration.",
        "iteration",
        "log10 of the residual",
        false,
        List.of(new Page.Line("residual", 1, false, points)));
  }
}
