package io.sequencezoo.eval.analysis;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.analysis.Spectrum.Eigenvalue;
import io.sequencezoo.eval.analysis.Spectrum.Structure;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.eval.report.TextTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** What a spectrum shows: a table for a terminal, and a page of pictures. */
public final class SpectrumReport {
  /** Channels of a heat map: more can't be told apart. */
  private static final int CHANNELS = 128;

  /** Points of the complex plane: more make the page slow. */
  private static final int POINTS = 6000;

  /** Differences of decays that are rounding. */
  private static final double INVISIBLE = 1e-6;

  private final String name;
  private final Spectrum spectrum;
  private final List<String> labels;
  private final String subtitle;
  private final List<Page.Item> details;

  /** The report of some results on a block of this name. */
  public SpectrumReport(String name, SpectrumResults results) {
    this.name = name;
    this.spectrum = results.spectrum();
    this.labels = results.labels();
    this.subtitle =
        String.format(
            Locale.ROOT,
            "%d steps, head %d, %d state variables, %s",
            spectrum.steps(),
            results.head(),
            spectrum.stateSize(),
            describe(spectrum.structure()));
    this.details =
        List.of(
            new Page.Text("What ran, and where", Configs.write(results.provenance())),
            new Page.Text("Block, weights and input", Configs.write(results.subject())));
  }

  private static String describe(Structure structure) {
    return switch (structure) {
      case IDENTITY -> "transition is the identity: nothing is forgotten";
      case SCALAR -> "transition is one number per step";
      case DIAGONAL -> "transition is diagonal and real";
      case COUPLED -> "transition couples state variables";
    };
  }

  /** The table. */
  public String table() {
    return subtitle
        + System.lineSeparator()
        + TextTable.of(List.of("quantity", "least", "median", "most"), rows());
  }

  private List<List<String>> rows() {
    double[] magnitudes =
        spectrum.eigenvalues().stream()
            .flatMap(List::stream)
            .mapToDouble(Eigenvalue::magnitude)
            .toArray();
    double[] halfLives =
        spectrum.lyapunov().exponents().stream().mapToDouble(Lyapunov.Exponent::halfLife).toArray();
    return List.of(
        row("|eigenvalue|", magnitudes),
        row("half-life of a direction (steps)", halfLives),
        memoryRow("memory length, slowest direction (steps)", spectrum.memory().worst()),
        memoryRow("memory length, typical direction (steps)", spectrum.memory().typical()),
        row("reach of the mixing matrix (steps)", spectrum.reach()));
  }

  private static List<String> row(String quantity, double[] values) {
    double[] sorted = DoubleStream.of(values).sorted().toArray();
    return List.of(
        quantity,
        number(sorted[0]),
        number(sorted[(sorted.length - 1) / 2]),
        number(sorted[sorted.length - 1]));
  }

  private static List<String> memoryRow(String quantity, int[] lengths) {
    int[] resolved = IntStream.of(lengths).filter(n -> n > 0).sorted().toArray();
    String beyond = "> " + lengths.length;
    int median = MemoryLength.median(lengths);
    boolean open = resolved.length < lengths.length;
    return List.of(
        quantity,
        resolved.length == 0 ? beyond : Integer.toString(resolved[0]),
        median == 0 ? beyond : Integer.toString(median),
        open ? beyond : Integer.toString(resolved[resolved.length - 1]));
  }

  private static String number(double value) {
    if (Double.isInfinite(value)) {
      return value > 0 ? "infinite" : "-infinite";
    }
    return String.format(Locale.ROOT, Math.abs(value) >= 1000 ? "%,.0f" : "%.4g", value);
  }

  /** The page. */
  public Page page() {
    List<Page.Section> sections = new ArrayList<>();
    sections.add(
        new Page.Section(
            "In numbers",
            "Half-life: steps after which a difference of the state has halved, ln 2 over minus the"
                + " Lyapunov exponent of its direction. Memory length: the fewest last transitions whose"
                + " product has a norm below 1/e. Reach: how far back a position looks on average,"
                + " weighted by the mixing matrix.",
            List.of(new Page.Table(List.of("quantity", "least", "median", "most"), rows()))));
    sections.add(
        new Page.Section(
            "Transition",
            "Eigenvalues of Λ_t in h_t = Λ_t h_{t-1} + B_t u_t, at every step of the input.",
            transition()));
    sections.add(
        new Page.Section(
            "Memory and mixing",
            "What the products of transitions leave of the past, and what outputs take from it.",
            List.of(memory(), mixing())));
    sections.add(new Page.Section("Provenance", null, details));
    return new Page("Spectrum of " + name, subtitle, sections);
  }

  private List<Page.Item> transition() {
    List<Page.Item> items = new ArrayList<>();
    if (spectrum.structure() == Structure.COUPLED) {
      items.add(plane());
    }
    if (spectrum.eigenvalues().get(0).size() == 1) {
      items.add(decay());
    } else {
      items.add(magnitudes());
    }
    items.add(halfLives());
    return items;
  }

  /** The complex plane; the colour of a point is its step. */
  private Page.Plane plane() {
    List<double[]> points = new ArrayList<>();
    long all = spectrum.eigenvalues().stream().mapToLong(List::size).sum();
    int every = (int) Math.max(1, (all + POINTS - 1) / POINTS);
    for (int t = 0; t < spectrum.steps(); t += every) {
      for (Eigenvalue z : spectrum.eigenvalues().get(t)) {
        points.add(new double[] {z.re(), z.im(), t});
      }
    }
    String note = every == 1 ? "" : " One step in " + every + ".";
    return new Page.Plane(
        "Eigenvalues in the complex plane",
        "Inside the unit circle a direction decays; off the real axis it turns." + note,
        "step",
        points);
  }

  private Page.Lines decay() {
    List<double[]> points = new ArrayList<>();
    for (int t = 0; t < spectrum.steps(); t++) {
      points.add(new double[] {t, spectrum.eigenvalues().get(t).get(0).re()});
    }
    return new Page.Lines(
        "Decay of the state",
        "The factor that the whole state is multiplied by at a step; 1 keeps it.",
        "step",
        "factor",
        false,
        List.of(new Page.Line("λ", 0, false, points)));
  }

  /** Magnitudes over time; channels in the order of how long they remember. */
  private Page.Matrix magnitudes() {
    boolean channels = spectrum.structure() == Structure.DIAGONAL;
    int count = spectrum.eigenvalues().get(0).size();
    double[][] all = new double[count][spectrum.steps()];
    for (int t = 0; t < spectrum.steps(); t++) {
      double[] magnitudes =
          spectrum.eigenvalues().get(t).stream().mapToDouble(Eigenvalue::magnitude).toArray();
      if (!channels) {
        // Eigenvalues have no identity over time but their rank.
        magnitudes = DoubleStream.of(magnitudes).map(x -> -x).sorted().map(x -> -x).toArray();
      }
      for (int i = 0; i < count; i++) {
        all[i][t] = magnitudes[i];
      }
    }
    List<double[]> rows = new ArrayList<>(List.of(all));
    rows.sort(Comparator.comparingDouble((double[] row) -> DoubleStream.of(row).sum()).reversed());
    int every = (rows.size() + CHANNELS - 1) / CHANNELS;
    double[][] shown =
        IntStream.range(0, (rows.size() + every - 1) / every)
            .mapToObj(i -> rows.get(i * every))
            .toArray(double[][]::new);
    String note = every == 1 ? "" : " Every " + every + "th of " + rows.size() + ".";
    return new Page.Matrix(
        channels ? "Decays over time" : "Magnitudes of eigenvalues over time",
        (channels ? "A row per channel of the state, slowest on top." : "Sorted at every step.")
            + " 1 keeps, 0 forgets at once."
            + note,
        "step",
        channels ? "channel by memory" : "rank",
        "|λ|",
        labels,
        every,
        shown,
        low(shown),
        high(shown));
  }

  /** Colours spread over what occurs, so that small differences show; all of 0 to 1 for none. */
  private static double low(double[][] rows) {
    double low = Arrays.stream(rows).flatMapToDouble(Arrays::stream).min().orElse(0);
    return high(rows) - low < INVISIBLE ? 0 : low;
  }

  private static double high(double[][] rows) {
    double high = Arrays.stream(rows).flatMapToDouble(Arrays::stream).max().orElse(1);
    double low = Arrays.stream(rows).flatMapToDouble(Arrays::stream).min().orElse(0);
    return high - low < INVISIBLE ? Math.max(1, high) : high;
  }

  /** Half-lives of all directions, longest first. */
  private Page.Lines halfLives() {
    List<double[]> points = new ArrayList<>();
    double variables = 0;
    for (Lyapunov.Exponent exponent : spectrum.lyapunov().exponents()) {
      double halfLife = exponent.halfLife();
      if (Double.isFinite(halfLife) && halfLife > 0) {
        points.add(new double[] {variables, halfLife});
      }
      variables += exponent.copies();
      if (Double.isFinite(halfLife) && halfLife > 0) {
        points.add(new double[] {variables, halfLife});
      }
    }
    long forever =
        spectrum.lyapunov().exponents().stream()
            .filter(exponent -> Double.isInfinite(exponent.halfLife()))
            .mapToLong(Lyapunov.Exponent::copies)
            .sum();
    String note = forever == 0 ? "" : " " + forever + " of them never decay and are not drawn.";
    return new Page.Lines(
        "Half-lives",
        "Of the directions of the state, longest first." + note,
        "state variables",
        "half-life (steps)",
        true,
        List.of(new Page.Line("half-life", 2, false, points)));
  }

  private Page.Lines memory() {
    List<Page.Line> lines = new ArrayList<>();
    lines.add(line("slowest direction", 0, spectrum.memory().worst()));
    lines.add(line("typical direction", 1, spectrum.memory().typical()));
    List<double[]> reach = new ArrayList<>();
    List<double[]> most = new ArrayList<>();
    for (int t = 0; t < spectrum.steps(); t++) {
      reach.add(new double[] {t, spectrum.reach()[t]});
      most.add(new double[] {t, t + 1});
    }
    lines.add(new Page.Line("reach of the mixing matrix", 2, false, reach));
    lines.add(new Page.Line("all steps so far", 6, true, most));
    return new Page.Lines(
        "Effective memory",
        "In steps. Where a line is missing, the product over all steps so far is still above 1/e.",
        "step",
        "steps back",
        false,
        lines);
  }

  private static Page.Line line(String name, int color, int[] lengths) {
    List<double[]> points = new ArrayList<>();
    for (int t = 0; t < lengths.length; t++) {
      if (lengths[t] > 0) {
        points.add(new double[] {t, lengths[t]});
      }
    }
    return new Page.Line(name, color, false, points);
  }

  private Page.Heatmap mixing() {
    return new Page.Heatmap(
        "Mixing matrix |Φ|",
        "How strongly a position takes from each before it: attention weights, or the norm over"
            + " channels of what the linear system passes on.",
        labels,
        spectrum.mixing());
  }
}
