package io.sequencezoo.eval.icll;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.eval.experiment.Estimate;
import io.sequencezoo.eval.experiment.Scores;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * How well something predicts a set of problems; {@link IcllMetric} says how each is measured.
 *
 * @param predictor its name
 * @param problems number of problems
 * @param positions number of all positions
 * @param targets number of positions whose next token is a symbol
 * @param accuracy how often the likeliest token is allowed, at targets
 * @param greedyAccuracy the same at all positions
 * @param tvd total variation distance to the true automaton
 * @param l1 twice that: what the reference logs
 * @param crossEntropy soft cross-entropy to the true automaton, nats
 * @param kl Kullback-Leibler divergence from the true automaton, nats
 * @param nll negative log-likelihood of the targets, nats
 * @param curve the same against the position in the prompt
 */
public record IcllScores(
    String predictor,
    int problems,
    long positions,
    long targets,
    Estimate accuracy,
    Estimate greedyAccuracy,
    Estimate tvd,
    Estimate l1,
    Estimate crossEntropy,
    Estimate kl,
    Estimate nll,
    List<CurvePoint> curve)
    implements Scores {
  /** Prompts thin out beyond; a mean over a few of them would only be noise. */
  private static final double LEAST_SHARE = 0.1;

  /** Copies the curve. */
  public IcllScores {
    curve = List.copyOf(curve);
  }

  @Override
  public Map<String, Estimate> estimates() {
    return ImmutableMap.<String, Estimate>builder()
        .put("accuracy", accuracy)
        .put("greedyAccuracy", greedyAccuracy)
        .put("tvd", tvd)
        .put("l1", l1)
        .put("crossEntropy", crossEntropy)
        .put("kl", kl)
        .put("nll", nll)
        .buildOrThrow();
  }

  @Override
  public Map<String, List<double[]>> curves() {
    return ImmutableMap.of(
        "accuracy", points(CurvePoint::accuracy),
        "tvd", points(CurvePoint::tvd),
        "kl", points(CurvePoint::kl),
        "nll", points(CurvePoint::nll));
  }

  private List<double[]> points(ToDoubleFunction<CurvePoint> value) {
    long most = curve.stream().mapToLong(CurvePoint::positions).max().orElse(0);
    return curve.stream()
        .filter(point -> point.positions() >= LEAST_SHARE * most)
        .map(point -> new double[] {(point.from() + point.to()) / 2.0, value.applyAsDouble(point)})
        .toList();
  }

  /**
   * The means over the positions {@code from} to {@code to - 1} of all prompts that reach them.
   *
   * @param positions number of positions
   */
  public record CurvePoint(
      int from, int to, long positions, double accuracy, double tvd, double kl, double nll) {}
}
