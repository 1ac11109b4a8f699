package io.sequencezoo.eval.icll;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.IcllConfig;
import io.sequencezoo.datasets.icll.IcllData;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.PromptBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.experiment.Alphabet;
import io.sequencezoo.eval.experiment.Baselines;
import io.sequencezoo.eval.experiment.Column;
import io.sequencezoo.eval.experiment.Report;
import io.sequencezoo.eval.experiment.Scores;
import io.sequencezoo.eval.experiment.TokenTask;
import io.sequencezoo.eval.experiment.Trained;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.models.model.TokenLogits;
import io.sequencezoo.models.model.TokenModel;
import io.sequencezoo.train.Evaluation;
import io.sequencezoo.train.Validator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * In-context language learning: each prompt holds strings of a language that no model saw before;
 * at every position the next symbol is to be told. Scores are {@link IcllScores}.
 */
@JsonTypeName("icll")
public final class IcllTask implements TokenTask {
  private static final int EVALUATION_BATCH = 16;
  private static final int STANDARD_WINDOW = 16;
  private static final int STANDARD_VALIDATION = 100;

  private final IcllConfig config;
  private final IcllData data;

  /** The task on the data of a configuration. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public IcllTask(IcllConfig config) {
    this.config = config;
    this.data = new IcllData(config);
  }

  /** What determines the data. */
  @JsonValue
  public IcllConfig config() {
    return config;
  }

  /** The data. */
  public IcllData data() {
    return data;
  }

  @Override
  public String name() {
    return "icll";
  }

  @Override
  public String title() {
    return "In-context language learning";
  }

  @Override
  public String subtitle() {
    return String.format(
        Locale.ROOT,
        "%d test automata, %d training automata, prompts of %.0f tokens on average",
        config.testExamples(),
        config.trainExamples(),
        IcllBaselines.Summary.of(data.problems(Split.TEST)).promptTokens());
  }

  @Override
  public int vocabulary() {
    return config.vocabulary().size();
  }

  @Override
  public Alphabet alphabet() {
    return new IcllAlphabet(config.vocabulary());
  }

  @Override
  public int examples(Split split) {
    return config.examples(split);
  }

  @Override
  public int length(Split split, int index) {
    return data.problem(split, index).length();
  }

  @Override
  public TokenBatch batch(Split split, List<Integer> indices) {
    return batch(indices.stream().map(index -> data.problem(split, index)).toList());
  }

  /** Problems as right-padded rows, outside every workspace. */
  static TokenBatch batch(List<Problem> problems) {
    PromptBatch prompts = new PromptBatch(problems);
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return new TokenBatch(
          Nd4j.createFromArray(prompts.inputs()),
          Nd4j.createFromArray(prompts.labels()),
          prompts.lengths());
    }
  }

  @Override
  public String hash(Split split) {
    return data.hash(split, config.examples(split));
  }

  @Override
  public Integer standardWindow() {
    return STANDARD_WINDOW;
  }

  @Override
  public Integer standardValidationProblems() {
    return Math.min(STANDARD_VALIDATION, config.validationExamples());
  }

  @Override
  public Class<? extends Scores> scoresType() {
    return IcllScores.class;
  }

  @Override
  public IcllScores score(
      String name, TokenLogits model, Parameters parameters, Split split, int count) {
    return score(name, model, parameters, data.problems(split, count));
  }

  private static IcllScores score(
      String name, TokenLogits model, Parameters parameters, List<Problem> problems) {
    ModelPredictor predictor = new ModelPredictor(name, model, parameters);
    return IcllMetrics.score(predictor, problems, EVALUATION_BATCH, IcllMetrics.DEFAULT_BIN);
  }

  /** {@code loss} (what selects), {@code accuracy}, {@code tvd} and {@code kl}. */
  @Override
  public Validator validator(TokenLogits model, int count) {
    int available = config.validationExamples();
    checkArgument(
        count >= 1 && count <= available,
        "icll: validation problems must be between 1 and %s, got %s",
        available,
        count);
    List<Problem> fixed = data.problems(Split.VALIDATION, count);
    return parameters -> {
      IcllScores scores = score("validation", model, parameters, fixed);
      double loss = scores.nll().value();
      return new Evaluation(
          loss,
          Map.of(
              "loss", loss,
              "accuracy", scores.accuracy().value(),
              "tvd", scores.tvd().value(),
              "kl", scores.kl().value()));
    };
  }

  @Override
  public Baselines baselines() {
    IcllBaselines.Results results = IcllBaselines.of(data);
    return new Baselines("baselines", results, results.named());
  }

  @Override
  public boolean countsExamples() {
    return true;
  }

  @Override
  public Map<String, Object> progress(Trained trained) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("tokensPerSecond", trained.tokensPerSecond());
    fields.put("losses", trained.losses());
    fields.put(
        "validation",
        trained.result().history().evaluations().stream()
            .map(
                evaluated -> {
                  Map<String, Double> metrics = evaluated.evaluation().metrics();
                  return new ValidationPoint(
                      trained.examples(evaluated.step()),
                      metric(metrics, "accuracy"),
                      metric(metrics, "tvd"),
                      metric(metrics, "loss"),
                      metric(metrics, "kl"));
                })
            .toList());
    return fields;
  }

  private static double metric(Map<String, Double> metrics, String name) {
    Double value = metrics.get(name);
    checkArgument(value != null, "icll: an evaluation must have %s, got %s", name, metrics);
    return value;
  }

  /** Scores on validation problems after a number of examples seen. */
  private record ValidationPoint(
      long examples, double accuracy, double tvd, double nll, double kl) {}

  @Override
  public Map<String, Object> pictures(Trained trained) {
    return new Pictures((TokenModel) trained.model(), trained.parameters())
        .of(data.problem(Split.TEST, 0));
  }

  @Override
  public String predictors() {
    return "predictor";
  }

  @Override
  public List<Column> columns() {
    return List.of(
        Column.estimate("accuracy", "accuracy"),
        Column.estimate("TVD", "tvd"),
        Column.number("cross-entropy", "crossEntropy"),
        Column.parameters(),
        Column.tokensPerSecond(),
        Column.trainSeconds());
  }

  @Override
  public List<Page.Section> sections(Report report) {
    return IcllPage.sections(report);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IcllTask task && config.equals(task.config);
  }

  @Override
  public int hashCode() {
    return config.hashCode();
  }

  @Override
  public String toString() {
    return config.toString();
  }
}
