package io.sequencezoo.eval.icll;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.Maps;
import io.sequencezoo.datasets.icll.IcllConfig;
import io.sequencezoo.datasets.icll.IcllData;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.experiment.Column;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What can be had without training: uniform guesses, n-grams, and the true automaton. */
public final class IcllBaselines {
  private static final int BATCH = 32;

  private IcllBaselines() {}

  /** All baselines, from the weakest to the bound. */
  public static List<Predictor> all() {
    List<Predictor> predictors = new ArrayList<>();
    predictors.add(UniformPredictor.overVocabulary());
    predictors.add(UniformPredictor.overAlphabet());
    for (int order = 1; order <= 4; order++) {
      predictors.add(new NGramPredictor(order));
    }
    predictors.add(UniformPredictor.trueAutomaton());
    return predictors;
  }

  /** The baselines on the first test problems of RegBench with this seed. */
  public static Results run(int problems, long seed) {
    checkArgument(problems >= 1, "icll: problems must be at least 1, got %s", problems);
    IcllConfig config =
        new IcllConfig(
            seed, 1, 1, problems, IcllConfig.Languages.standard(), IcllConfig.Prompts.standard());
    return of(new IcllData(config));
  }

  /** The baselines on the test problems of some data. */
  public static Results of(IcllData data) {
    List<Problem> problems = data.problems(Split.TEST);
    return new Results(
        data.config(),
        data.hash(Split.TEST, problems.size()),
        Summary.of(problems),
        score(problems));
  }

  /** The scores of all baselines on some problems. */
  public static List<IcllScores> score(List<Problem> problems) {
    return all().stream()
        .map(predictor -> IcllMetrics.score(predictor, problems, BATCH, IcllMetrics.DEFAULT_BIN))
        .toList();
  }

  /** Results as a table. */
  public static String table(Results results) {
    List<Column> columns =
        List.of(
            Column.estimate("accuracy", "accuracy"),
            Column.estimate("TVD", "tvd"),
            Column.number("L1", "l1"),
            Column.number("cross-entropy", "crossEntropy"),
            Column.number("NLL", "nll"));
    return Column.table("predictor", columns, results.named()).toString();
  }

  /**
   * The baselines' results with what they were computed from.
   *
   * @param config the data's configuration
   * @param dataHash hash of the test problems
   * @param summary what the problems look like
   * @param scores one entry per baseline
   */
  public record Results(
      IcllConfig config, String dataHash, Summary summary, List<IcllScores> scores) {
    /** Copies the scores. */
    public Results {
      scores = List.copyOf(scores);
    }

    /** The scores by name. */
    Map<String, IcllScores> named() {
      return Maps.uniqueIndex(scores, IcllScores::predictor);
    }

    /** The scores of the baseline of this name. */
    public IcllScores scores(String predictor) {
      return scores.stream()
          .filter(score -> score.predictor().equals(predictor))
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "icll: baseline must be one of "
                          + scores.stream().map(IcllScores::predictor).toList()
                          + ", got "
                          + predictor));
    }
  }

  /**
   * Means over problems.
   *
   * @param promptTokens tokens of a prompt, separators included
   * @param states states of the minimal automaton
   * @param outDegree symbols that a state allows
   */
  public record Summary(double promptTokens, double states, double outDegree) {
    static Summary of(List<Problem> problems) {
      return new Summary(
          mean(problems, problem -> problem.length() + 1),
          mean(problems, problem -> problem.automaton().states()),
          mean(
              problems,
              problem ->
                  (double) problem.automaton().transitions() / problem.automaton().states()));
    }

    private static double mean(List<Problem> problems, ToDoubleFunction<Problem> value) {
      return problems.stream().mapToDouble(value).average().orElseThrow();
    }
  }
}
