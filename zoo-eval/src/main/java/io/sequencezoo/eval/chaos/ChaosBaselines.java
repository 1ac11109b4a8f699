package io.sequencezoo.eval.chaos;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.analysis.Lyapunov;
import io.sequencezoo.eval.experiment.Baselines;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** What is compared with forecasters that were trained. */
final class ChaosBaselines {
  /** The true system from another start: right in everything but where it is. */
  static final String SYSTEM = "the system elsewhere";

  /** Samples that the true exponents are computed along. */
  private static final int SYSTEM_STEPS = 4000;

  /** States for which directions are followed by twice as many steps of integration each. */
  private static final int LARGE = 200;

  private final ChaosTask task;
  private final Windows windows;
  private final Windows.Examples examples;

  ChaosBaselines(ChaosTask task) {
    this.task = task;
    this.windows = Windows.of(task);
    this.examples = windows.examples(Split.TEST, task.testExamples());
  }

  /** All of them. */
  Baselines all() {
    EchoStateNetwork network =
        new EchoStateNetwork(EchoStateNetwork.Settings.standard(), task.system().features());
    network.train(windows.train());
    Map<String, ForecastScores> scores =
        ImmutableMap.<String, ForecastScores>builder()
            .put("the last values", scores(this::last))
            .put("the mean", scores(given -> steps(new double[task.system().features()])))
            .put("context parroting", scores(given -> Parrot.forecast(given, given, horizon())))
            .put(
                "nearest in training",
                scores(given -> Parrot.forecast(windows.train(), given, horizon())))
            .put("echo state network", scores(given -> network.forecast(given, horizon())))
            .put(SYSTEM, system())
            .build();
    return new Baselines("baselines", scores, scores);
  }

  private int horizon() {
    return task.horizon();
  }

  private double[][] last(double[][] given) {
    return steps(given[given.length - 1]);
  }

  private double[][] steps(double[] always) {
    double[][] steps = new double[horizon()][];
    Arrays.fill(steps, always);
    return steps;
  }

  private ForecastScores scores(UnaryOperator<double[][]> forecaster) {
    double[][][] forecasts =
        Arrays.stream(examples.given()).map(forecaster).toArray(double[][][]::new);
    return scores(forecasts, Optional.empty());
  }

  private ForecastScores scores(double[][][] forecasts, Optional<Lyapunov> exponents) {
    return ForecastScores.of(task, forecasts, examples.truth(), windows.deviations(), exponents);
  }

  private ForecastScores system() {
    double[][][] elsewhere = windows.pieces(Split.VALIDATION, task.testExamples(), task.horizon());
    return scores(elsewhere, Optional.of(exponents()).filter(none -> task.exponents() > 0));
  }

  /** As many exponents as of models, but one at least, and few of a system that is costly. */
  private Lyapunov exponents() {
    FlowTangents tangents = new FlowTangents(task.system(), task.data().start(Split.TEST));
    int steps = tangents.size() > LARGE ? SYSTEM_STEPS / 4 : SYSTEM_STEPS;
    return Lyapunov.along(tangents, steps / 10, steps, Math.max(1, task.exponents()));
  }
}
