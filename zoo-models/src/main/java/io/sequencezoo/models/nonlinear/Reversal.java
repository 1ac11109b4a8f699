package io.sequencezoo.models.nonlinear;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.op.Indices;
import io.sequencezoo.core.op.Segments;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Sequences from their last valid token to their first. */
final class Reversal {
  private Reversal() {}

  /**
   * Row b of {@code x [B, T, D]} with its first {@code lengths[b]} positions in reverse order and
   * zeros behind; its own inverse on valid positions.
   *
   * @param lengths null for T
   */
  static Variable reverse(Tape tape, Variable x, int @Nullable [] lengths) {
    int steps = x.size(1);
    if (steps == 1 && lengths == null) {
      return x;
    }
    int size = x.size(2);
    List<Segments.Segment> segments = new ArrayList<>();
    for (int b = 0; b < x.size(0); b++) {
      int length = lengths == null ? steps : lengths[b];
      long row = (long) b * steps * size;
      for (int t = 0; t < length; t++) {
        long to = row + (long) (length - 1 - t) * size;
        segments.add(new Segments.Segment(0, row + (long) t * size, to, size));
      }
    }
    return Segments.copy(tape, List.of(x), segments, x.shape());
  }

  /** The same of tokens {@code [B, T]}, or null. */
  static @Nullable INDArray reverse(@Nullable INDArray tokens, int @Nullable [] lengths) {
    if (tokens == null) {
      return null;
    }
    int steps = (int) tokens.size(1);
    int[] given = Indices.read("tokens", tokens);
    int[] reversed = new int[given.length];
    for (int b = 0; b < tokens.size(0); b++) {
      int length = lengths == null ? steps : lengths[b];
      for (int t = 0; t < length; t++) {
        reversed[b * steps + t] = given[b * steps + length - 1 - t];
      }
    }
    return Nd4j.createFromArray(reversed).reshape('c', tokens.shape());
  }
}
