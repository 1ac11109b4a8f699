package io.sequencezoo.eval.text;

import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.eval.experiment.Estimate;
import io.sequencezoo.eval.experiment.Scores;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * How well next tokens are foretold.
 *
 * @param nats the mean of -log p over the positions up to the length of windows in training
 * @param natsBeyond the same over those beyond; NaN for none
 * @param bytesPerToken over the whole file
 * @param byPosition nats by position, means over short stretches
 */
public record TextScores(
    Estimate nats, Estimate natsBeyond, double bytesPerToken, List<double[]> byPosition)
    implements Scores {
  /** Stretches of a window. */
  private static final int STRETCHES = 32;

  /** Copies the list. */
  public TextScores {
    byPosition = List.copyOf(byPosition);
  }

  /**
   * The scores of a predictor over windows.
   *
   * @param trained T, the length of windows in training
   * @param nats -log p of every target of a batch
   */
  static TextScores of(
      int trained,
      double bytesPerToken,
      Iterable<TokenBatch> batches,
      Function<TokenBatch, double[][]> nats) {
    List<double[]> rows = new ArrayList<>();
    for (TokenBatch batch : batches) {
      rows.addAll(Arrays.asList(nats.apply(batch)));
    }
    int length = rows.get(0).length;
    int stretch = Math.max(1, length / STRETCHES);
    List<double[]> byPosition = new ArrayList<>();
    for (int from = 0; from < length; from += stretch) {
      int to = Math.min(length, from + stretch);
      byPosition.add(new double[] {(from + 1 + to) / 2.0, mean(rows, from, to).value()});
    }
    return new TextScores(
        mean(rows, 0, trained), mean(rows, trained, length), bytesPerToken, byPosition);
  }

  private static Estimate mean(List<double[]> rows, int from, int to) {
    double[] sums = rows.stream().mapToDouble(row -> Arrays.stream(row, from, to).sum()).toArray();
    double[] counts = new double[sums.length];
    Arrays.fill(counts, to - from);
    return Estimate.ratio(sums, counts);
  }

  /** Nats, bits per byte and perplexity per token, and the first two beyond. */
  @Override
  public Map<String, Estimate> estimates() {
    double perplexity = Math.exp(nats.value());
    return Map.of(
        "nats",
        nats,
        "bitsPerByte",
        bits(nats),
        "perplexity",
        new Estimate(perplexity, perplexity * nats.standardError()),
        "natsBeyond",
        natsBeyond,
        "bitsPerByteBeyond",
        bits(natsBeyond));
  }

  private Estimate bits(Estimate each) {
    double scale = 1 / (Math.log(2) * bytesPerToken);
    return new Estimate(each.value() * scale, each.standardError() * scale);
  }

  @Override
  public Map<String, List<double[]>> curves() {
    return Map.of("nats", byPosition);
  }
}
