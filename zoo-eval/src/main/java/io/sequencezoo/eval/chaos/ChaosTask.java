package io.sequencezoo.eval.chaos;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.datasets.chaos.ChaosData;
import io.sequencezoo.datasets.chaos.ChaoticSystem;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.experiment.Baselines;
import io.sequencezoo.eval.experiment.Column;
import io.sequencezoo.eval.experiment.Report;
import io.sequencezoo.eval.experiment.Scores;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.experiment.Trained;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.models.model.Forecaster;
import io.sequencezoo.models.model.ForecasterConfig;
import io.sequencezoo.models.model.LayeredConfig;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.train.TrainConfig;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * To continue the series of a chaotic system. A forecaster is trained on windows of one trajectory,
 * centred and scaled, and tested on others: it warms up on the true series and goes on by its own
 * forecasts. Scores are {@link ForecastScores}.
 *
 * @param system what is forecast
 * @param seed of the trajectories, 0 by default
 * @param trainSamples of the trajectory that is trained on, 10000 by default
 * @param window steps of a training window, 64 by default; windows start anywhere
 * @param noise the deviation of normal noise on what goes in while training, in deviations of the
 *     series; 0 by default
 * @param forcing how training feeds back, teacher forcing by default
 * @param validationExamples forecasts during training, 10 by default
 * @param testExamples forecasts in the test, 20 by default
 * @param warmup steps of the true series before a forecast, 100 by default
 * @param horizon steps of a forecast; eight Lyapunov times by default, at most 1024
 * @param exponents Lyapunov exponents of trained models that are computed, the largest; 10 by
 *     default, 0 for none
 * @param exponentSteps steps of the closed loop that they are computed along, 1000 by default
 */
@JsonTypeName(ChaosTask.NAME)
public record ChaosTask(
    ChaoticSystem system,
    long seed,
    int trainSamples,
    int window,
    double noise,
    Forcing forcing,
    int validationExamples,
    int testExamples,
    int warmup,
    int horizon,
    int exponents,
    int exponentSteps)
    implements Task {
  static final String NAME = "chaos";

  /** Forecasts of a test go through the model together. */
  private static final int MOST_EXAMPLES = 10_000;

  private static final int LONGEST = 1 << 20;
  private static final int MOST_EXPONENTS = 1024;
  private static final double STANDARD_TIMES = 8;
  private static final int LONGEST_STANDARD = 1024;

  /** Spectra need some waves. */
  static final int SHORTEST_HORIZON = 16;

  /** Checks the sizes. */
  public ChaosTask {
    checkArgument(
        system != null, "chaos: system must be given, for example {type: lorenz96, size: 40}");
    checkBetween("window", 1, LONGEST, window);
    checkBetween("trainSamples", window + 1, Integer.MAX_VALUE, trainSamples);
    checkArgument(
        noise >= 0 && Double.isFinite(noise), "chaos: noise must not be negative, got %s", noise);
    checkBetween("validationExamples", 1, MOST_EXAMPLES, validationExamples);
    // Errors of metrics are estimated by leaving one out.
    checkBetween("testExamples", 2, MOST_EXAMPLES, testExamples);
    checkBetween("warmup", 1, LONGEST, warmup);
    checkBetween("horizon", SHORTEST_HORIZON, LONGEST, horizon);
    checkBetween("exponents", 0, MOST_EXPONENTS, exponents);
    checkBetween("exponentSteps", 10, LONGEST, exponentSteps);
    ChaosData data = new ChaosData(system, seed);
    data.checkSize(trainSamples);
    // Gaps between examples are as long as they are, at most.
    data.checkSize(2L * testExamples * (warmup + horizon));
    data.checkSize(2L * validationExamples * (warmup + horizon));
  }

  private static void checkBetween(String name, int least, int most, int value) {
    checkArgument(
        value >= least && value <= most,
        "chaos: %s must be between %s and %s, got %s",
        name,
        least,
        most,
        value);
  }

  /** A system with everything else at its default. */
  public static ChaosTask standard(ChaoticSystem system) {
    long times = Math.round(STANDARD_TIMES / system.lyapunovTimesPerSample());
    int horizon = (int) Math.max(SHORTEST_HORIZON, Math.min(LONGEST_STANDARD, times));
    return new ChaosTask(
        system, 0, 10_000, 64, 0, Forcing.standard(), 10, 20, 100, horizon, 10, 1000);
  }

  /** The trajectories. */
  ChaosData data() {
    return new ChaosData(system, seed);
  }

  @Override
  public String name() {
    return system.label();
  }

  @Override
  public String title() {
    return "Forecasts of " + system.title();
  }

  @Override
  public String subtitle() {
    return String.format(
        Locale.ROOT,
        "%d numbers every %s units of time, %.4g Lyapunov times; trained on %,d steps, %d forecasts"
            + " of %d steps after %d",
        system.features(),
        Double.toString(system.sampleTime()),
        system.lyapunovTimesPerSample(),
        trainSamples,
        testExamples,
        horizon,
        warmup);
  }

  @Override
  public String inputs() {
    return system.features() + (system.features() == 1 ? " number" : " numbers");
  }

  /** In training, of windows that hold the series once. */
  @Override
  public int examples(Split split) {
    return switch (split) {
      case TRAIN -> trainSamples / window;
      case VALIDATION -> validationExamples;
      case TEST -> testExamples;
    };
  }

  @Override
  public int length(Split split, int index) {
    return split == Split.TRAIN ? window : warmup + horizon;
  }

  @Override
  public ForecasterConfig fit(String name, LayeredConfig model) {
    checkArgument(
        model instanceof ForecasterConfig,
        "experiment: %s must be a forecaster for task %s, got %s",
        name,
        name(),
        Registry.typeName(model.getClass()));
    ForecasterConfig own = (ForecasterConfig) model;
    checkArgument(
        own.features() == 0 || own.features() == system.features(),
        "experiment: %s.features must be the task's %s, got %s; leave it out",
        name,
        system.features(),
        own.features());
    return own.withFeatures(system.features());
  }

  @Override
  public ChaosLesson lesson(Model model, TrainConfig train, Integer window) {
    return new ChaosLesson(this, (Forecaster) model, train);
  }

  @Override
  public String hash(Split split) {
    String examples =
        String.join(
            " ",
            data().hash(),
            Integer.toString(Windows.VERSION),
            split.label(),
            Integer.toString(trainSamples),
            Integer.toString(examples(split)),
            Integer.toString(warmup),
            Integer.toString(horizon));
    return Hashing.sha256().hashString(examples, StandardCharsets.UTF_8).toString();
  }

  @Override
  public Class<? extends Scores> scoresType() {
    return ForecastScores.class;
  }

  @Override
  public Baselines baselines() {
    return new ChaosBaselines(this).all();
  }

  @Override
  public Map<String, Object> pictures(Trained trained) {
    return ForecastPicture.of(this, (Forecaster) trained.model(), trained.parameters());
  }

  @Override
  public String predictors() {
    return "forecaster";
  }

  @Override
  public List<Column> columns() {
    return List.of(
        Column.estimate("valid time, .5", "validTime"),
        Column.estimate("valid time, .05", "strictTime"),
        Column.estimate("error at 1", "error"),
        Column.estimate("spectrum, dB", "spectrum"),
        Column.estimate("Hellinger", "hellinger"),
        Column.estimate("divergence", "divergence"),
        Column.number("exponent", "exponent"),
        Column.number("dimension", "dimension"),
        Column.parameters(),
        Column.updates(),
        Column.trainSeconds());
  }

  @Override
  public List<Page.Section> sections(Report report) {
    return ChaosPage.sections(report, this);
  }
}
