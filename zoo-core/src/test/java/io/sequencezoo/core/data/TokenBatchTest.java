package io.sequencezoo.core.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class TokenBatchTest {
  /** Views {@code [2, 4]} of larger arrays: with an offset, from the first element, transposed. */
  static Stream<INDArray> views() {
    INDArray wide =
        Nd4j.createFromArray(new int[][] {{1, 2, -100, 4, 5, 6, 7, 8}, {1, 2, 3, 4, 5, 6, 7, 8}});
    INDArray tall = Nd4j.createFromArray(new int[][] {{1, 2}, {2, 2}, {-100, 3}, {4, 4}, {5, 5}});
    return Stream.of(
        wide.get(NDArrayIndex.all(), NDArrayIndex.interval(1, 5)),
        wide.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 4)),
        tall.get(NDArrayIndex.interval(0, 4), NDArrayIndex.all()).transpose());
  }

  @ParameterizedTest
  @MethodSource("views")
  void targetCount_countsTheViewAlone(INDArray targets) {
    INDArray ids = Nd4j.createFromArray(new int[2][4]);
    assertThat(new TokenBatch(ids, targets, new int[] {4, 4}).targetCount()).isEqualTo(7);
  }
}
