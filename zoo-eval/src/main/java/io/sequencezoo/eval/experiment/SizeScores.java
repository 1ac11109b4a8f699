package io.sequencezoo.eval.experiment;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.models.model.TokenLogits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How often the likeliest token is the answer, by the size of the example: what was trained on, and
 * what is larger. The right tokens before are given; an answer is exact where all of its tokens are
 * the likeliest, as it is when a model writes it alone, taking the likeliest every time.
 *
 * @param trained the largest size in training
 * @param sizes the scores of each size, ascending
 */
public record SizeScores(int trained, List<Size> sizes) implements Scores {
  /** Logits that are held at a time, in double. */
  private static final int MOST_LOGITS = 1 << 24;

  /** Copies the list. */
  public SizeScores {
    sizes = List.copyOf(sizes);
  }

  /**
   * The scores of one size.
   *
   * @param accuracy the mean over examples of the share of their tokens that are right
   * @param exact the share of examples all of whose tokens are right
   */
  public record Size(int size, double accuracy, double exact) {}

  /** The scores of a model on the first examples of a split. */
  static SizeScores of(
      SizedTask task, TokenLogits model, Parameters parameters, Split split, int count) {
    Map<Integer, Sums> sums = new TreeMap<>();
    int from = 0;
    while (from < count) {
      long logits = (long) task.length(split, from) * task.vocabulary();
      int rows = (int) Math.max(1, Math.min(TokenScores.BATCH, MOST_LOGITS / logits));
      List<Integer> indices = IntStream.range(from, Math.min(count, from + rows)).boxed().toList();
      TokenBatch batch = task.batch(split, indices);
      boolean[][] answers = TokenScores.answers(model, parameters, batch);
      int[][] targets = batch.targets().toIntMatrix();
      for (int b = 0; b < targets.length; b++) {
        int size = task.size(split, indices.get(b));
        sums.computeIfAbsent(size, none -> new Sums()).add(answers[b], targets[b]);
      }
      from += rows;
    }
    List<Size> sizes = new ArrayList<>();
    sums.forEach((size, sum) -> sizes.add(sum.mean(size)));
    return new SizeScores(task.trainedSize(), sizes);
  }

  private static final class Sums {
    private int examples;
    private int exact;
    private double accuracy;

    void add(boolean[] answers, int[] targets) {
      int counted = 0;
      int right = 0;
      for (int t = 0; t < targets.length; t++) {
        if (targets[t] != TokenBatch.IGNORED) {
          counted++;
          right += answers[t] ? 1 : 0;
        }
      }
      examples++;
      accuracy += (double) right / counted;
      exact += right == counted ? 1 : 0;
    }

    Size mean(int size) {
      return new Size(size, accuracy / examples, (double) exact / examples);
    }
  }

  /** Means over the sizes up to the largest in training, and over those beyond; NaN for none. */
  @Override
  public Map<String, Estimate> estimates() {
    return Map.of(
        "accuracy", mean(false, Size::accuracy),
        "exact", mean(false, Size::exact),
        "accuracyBeyond", mean(true, Size::accuracy),
        "exactBeyond", mean(true, Size::exact));
  }

  private Estimate mean(boolean beyond, ToDoubleFunction<Size> value) {
    return Estimate.alone(
        sizes.stream()
            .filter(size -> size.size > trained == beyond)
            .mapToDouble(value)
            .average()
            .orElse(Double.NaN));
  }

  /** Both scores by size. */
  @Override
  public Map<String, List<double[]>> curves() {
    return Map.of("accuracy", curve(Size::accuracy), "exact", curve(Size::exact));
  }

  private List<double[]> curve(ToDoubleFunction<Size> value) {
    return sizes.stream().map(size -> new double[] {size.size, value.applyAsDouble(size)}).toList();
  }
}
