package io.sequencezoo.eval.experiment;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.google.common.primitives.Doubles;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.models.model.TokenLogits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
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
   * @param accuracyError the standard error of {@code accuracy} when examples are drawn anew; null
   *     where it isn't estimated
   * @param exactError likewise
   */
  public record Size(
      int size,
      double accuracy,
      double exact,
      @JsonInclude(JsonInclude.Include.NON_NULL) Double accuracyError,
      @JsonInclude(JsonInclude.Include.NON_NULL) Double exactError) {
    /** Scores without errors, such as those of a guess. */
    public Size(int size, double accuracy, double exact) {
      this(size, accuracy, exact, null, null);
    }
  }

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
    private final List<Double> accuracies = new ArrayList<>();
    private final List<Double> exact = new ArrayList<>();

    void add(boolean[] answers, int[] targets) {
      int counted = 0;
      int right = 0;
      for (int t = 0; t < targets.length; t++) {
        if (targets[t] != TokenBatch.IGNORED) {
          counted++;
          right += answers[t] ? 1 : 0;
        }
      }
      accuracies.add((double) right / counted);
      exact.add(right == counted ? 1.0 : 0.0);
    }

    Size mean(int size) {
      Estimate accuracy = Estimate.mean(Doubles.toArray(accuracies));
      Estimate all = Estimate.mean(Doubles.toArray(exact));
      return new Size(
          size, accuracy.value(), all.value(), accuracy.standardError(), all.standardError());
    }
  }

  /** Means over the sizes up to the largest in training, and over those beyond; NaN for none. */
  @Override
  public Map<String, Estimate> estimates() {
    return Map.of(
        "accuracy", mean(false, Size::accuracy, Size::accuracyError),
        "exact", mean(false, Size::exact, Size::exactError),
        "accuracyBeyond", mean(true, Size::accuracy, Size::accuracyError),
        "exactBeyond", mean(true, Size::exact, Size::exactError));
  }

  /** Sizes are fixed, their examples drawn: the error of the mean is that of independent means. */
  private Estimate mean(
      boolean beyond, ToDoubleFunction<Size> value, Function<Size, Double> error) {
    List<Size> chosen = sizes.stream().filter(size -> size.size > trained == beyond).toList();
    double mean = chosen.stream().mapToDouble(value).average().orElse(Double.NaN);
    double variance =
        chosen.stream()
            .map(error)
            .mapToDouble(each -> each == null ? Double.NaN : each * each)
            .sum();
    return new Estimate(mean, Math.sqrt(variance) / chosen.size());
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
