package io.sequencezoo.dl4j;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Where the tokens of each row are: row b's from {@code starts[b]} on, {@code lengths[b]} of them.
 * Padding may be on either side, because DL4J's {@code Bidirectional} gives its backward copy the
 * reversed sequence with the reversed mask; the zoo's mixers want it on the right.
 */
record Spans(int[] starts, int[] lengths, int steps) {

  /** The one run of ones in each row of a mask {@code [B, T]}, or whole rows without a mask. */
  static Spans of(String subject, INDArray mask, int batch, int steps) {
    int[] starts = new int[batch];
    int[] lengths = new int[batch];
    if (mask == null) {
      Arrays.fill(lengths, steps);
      return new Spans(starts, lengths, steps);
    }
    checkArgument(
        mask.rank() == 2 && mask.size(0) == batch && mask.size(1) == steps,
        "%s: feature mask must have shape [B=%s, T=%s], got %s",
        subject,
        batch,
        steps,
        Arrays.toString(mask.shape()));
    double[][] ones = mask.castTo(DataType.DOUBLE).toDoubleMatrix();
    for (int b = 0; b < batch; b++) {
      int t = 0;
      while (t < steps && ones[b][t] == 0) {
        t++;
      }
      // A row of padding starts at 0.
      starts[b] = t == steps ? 0 : t;
      while (t < steps && ones[b][t] == 1) {
        t++;
        lengths[b]++;
      }
      for (; t < steps; t++) {
        checkArgument(
            ones[b][t] == 0,
            "%s: feature mask must be one run of ones in every row, zeros elsewhere, got %s at row"
                + " %s position %s; pad sequences on the right",
            subject,
            ones[b][t],
            b,
            t);
      }
    }
    return new Spans(starts, lengths, steps);
  }

  /** The tokens of {@code [B, T, D]} from position 0 on, zeros after them, row-major. */
  INDArray take(INDArray array) {
    if (areWhole()) {
      return array.dup('c');
    }
    int[] fronts = new int[starts.length];
    return moved(array, starts, fronts);
  }

  /** Back where they were, zeros at padding. */
  INDArray place(INDArray array) {
    return areWhole() ? array : moved(array, new int[starts.length], starts);
  }

  private boolean areWhole() {
    return Arrays.stream(lengths).allMatch(length -> length == steps);
  }

  private INDArray moved(INDArray array, int[] from, int[] to) {
    INDArray result = Nd4j.zeros(array.dataType(), array.shape());
    for (int b = 0; b < lengths.length; b++) {
      if (lengths[b] > 0) {
        row(result, b, to[b]).assign(row(array, b, from[b]));
      }
    }
    return result;
  }

  private INDArray row(INDArray array, int b, int start) {
    return array.get(
        NDArrayIndex.point(b),
        NDArrayIndex.interval(start, start + lengths[b]),
        NDArrayIndex.all());
  }
}
