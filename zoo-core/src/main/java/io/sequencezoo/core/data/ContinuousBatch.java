package io.sequencezoo.core.data;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.shape.Shapes;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Right-padded series of numbers and what to predict at each position, for H steps ahead.
 *
 * @param inputs {@code [B, T, F]}; anything at padded positions
 * @param targets {@code [B, T, H, G]} of the inputs' type; anything where nothing counts
 * @param mask {@code [B, T, H]}, 1 where a target counts, else 0, as at every padded position; null
 *     where those of all valid positions count
 * @param lengths valid positions of each row, or null where all rows are full
 */
public record ContinuousBatch(
    INDArray inputs, INDArray targets, @Nullable INDArray mask, int @Nullable [] lengths) {
  /** Checks shapes, types and lengths, and that nothing counts at padded positions. */
  public ContinuousBatch {
    Shapes.check("batch inputs", inputs, "BTF", -1, -1, -1);
    Shapes.check("batch targets", targets, "BTHG", inputs.size(0), inputs.size(1), -1, -1);
    checkArgument(
        inputs.dataType() == targets.dataType() && inputs.dataType().isFPType(),
        "batch: inputs and targets must be of one type of numbers, got %s and %s",
        inputs.dataType(),
        targets.dataType());
    int rows = (int) inputs.size(0);
    int steps = (int) inputs.size(1);
    int horizon = (int) targets.size(2);
    lengths = lengths == null ? null : checkedLengths(lengths, rows, steps);
    if (mask == null && lengths != null) {
      mask = mask(lengths, steps, horizon, targets.dataType());
    }
    if (mask != null) {
      Shapes.check("batch mask", mask, "BTH", rows, steps, horizon);
      checkMask(mask, lengths);
    }
  }

  private static int[] checkedLengths(int[] lengths, int rows, int steps) {
    checkArgument(
        lengths.length == rows,
        "batch: lengths must be one per row, got %s for %s rows",
        lengths.length,
        rows);
    checkArgument(
        Arrays.stream(lengths).allMatch(length -> length >= 0 && length <= steps),
        "batch: lengths must be between 0 and %s, got %s",
        steps,
        Arrays.toString(lengths));
    return lengths.clone();
  }

  private static INDArray mask(int[] lengths, int steps, int horizon, DataType type) {
    double[] ones = new double[lengths.length * steps * horizon];
    for (int b = 0; b < lengths.length; b++) {
      int start = b * steps * horizon;
      Arrays.fill(ones, start, start + lengths[b] * horizon, 1);
    }
    return Nd4j.createFromArray(ones).castTo(type).reshape('c', lengths.length, steps, horizon);
  }

  private static void checkMask(INDArray mask, int @Nullable [] lengths) {
    double[] all = mask.dup('c').data().asDouble();
    int perStep = (int) mask.size(2);
    int steps = (int) mask.size(1);
    for (int i = 0; i < all.length; i++) {
      int b = i / (steps * perStep);
      int t = i / perStep % steps;
      boolean padded = lengths != null && t >= lengths[b];
      checkArgument(
          all[i] == 0 || (all[i] == 1 && !padded),
          "batch: mask must be 0 or 1, and 0 where padded, got %s at row %s, position %s",
          Double.valueOf(all[i]),
          b,
          t);
    }
  }

  /**
   * Teacher forcing: the inputs are series without their last step, the targets the H steps after
   * each, as far as the series know them. What is padded is 0.
   *
   * @param series {@code [B, S, F]}, S at least 2; T is S - 1
   * @param horizon H, at least 1
   * @param lengths valid steps of each series, at least 1; null where all are full
   */
  // The compiler drops @Nullable of an array from the constructor of a record.
  @SuppressWarnings("NullAway")
  public static ContinuousBatch ofSeries(INDArray series, int horizon, int @Nullable [] lengths) {
    Shapes.check("batch series", series, "BSF", -1, -1, -1);
    checkArgument(horizon >= 1, "batch: horizon must be at least 1, got %s", horizon);
    int rows = (int) series.size(0);
    int whole = (int) series.size(1);
    int steps = whole - 1;
    int features = (int) series.size(2);
    checkArgument(steps >= 1, "batch: series must have at least 2 steps, got %s", whole);
    int[] known = new int[rows];
    Arrays.fill(known, whole);
    known = lengths == null ? known : checkedLengths(lengths, rows, whole);
    checkArgument(
        Arrays.stream(known).allMatch(length -> length >= 1),
        "batch: lengths of series must be at least 1, got %s",
        Arrays.toString(known));
    double[] from = series.dup('c').data().asDouble();
    double[] inputs = new double[rows * steps * features];
    double[] targets = new double[rows * steps * horizon * features];
    double[] mask = new double[rows * steps * horizon];
    for (int b = 0; b < rows; b++) {
      int start = b * whole;
      int valid = known[b] - 1;
      System.arraycopy(from, start * features, inputs, b * steps * features, valid * features);
      for (int t = 0; t < steps; t++) {
        for (int h = 0; h < horizon && t + 1 + h < known[b]; h++) {
          int to = (b * steps + t) * horizon + h;
          System.arraycopy(from, (start + t + 1 + h) * features, targets, to * features, features);
          mask[to] = 1;
        }
      }
    }
    DataType type = series.dataType();
    return new ContinuousBatch(
        Nd4j.createFromArray(inputs).castTo(type).reshape('c', rows, steps, features),
        Nd4j.createFromArray(targets).castTo(type).reshape('c', rows, steps, horizon, features),
        Nd4j.createFromArray(mask).castTo(type).reshape('c', rows, steps, horizon),
        lengths == null ? null : Arrays.stream(known).map(length -> length - 1).toArray());
  }

  /** The number of rows, B. */
  public int rows() {
    return (int) inputs.size(0);
  }

  /** The number of positions, T. */
  public int steps() {
    return (int) inputs.size(1);
  }

  /** The number of targets of G numbers that count. */
  public long targetCount() {
    if (mask == null) {
      return targets.length() / targets.size(3);
    }
    return Math.round(Arrays.stream(mask.dup('c').data().asDouble()).sum());
  }
}
