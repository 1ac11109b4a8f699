package io.sequencezoo.core.op;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

class IndicesTest {
  static Stream<DataType> types() {
    return Stream.of(DataType.INT32, DataType.INT64);
  }

  @ParameterizedTest
  @MethodSource("types")
  void read_takesViewsAsTheyAre(DataType type) {
    INDArray array =
        Nd4j.createFromArray(new int[][] {{0, 1, 2}, {3, 4, 5}, {6, 7, 8}}).castTo(type);
    INDArrayIndex all = NDArrayIndex.all();
    assertThat(Indices.read("ids", array)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8);
    // From the first element, strided and not; with an offset; transposed.
    assertThat(Indices.read("ids", array.get(all, NDArrayIndex.interval(0, 2))))
        .containsExactly(0, 1, 3, 4, 6, 7);
    assertThat(Indices.read("ids", array.get(NDArrayIndex.interval(0, 2), all)))
        .containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(Indices.read("ids", array.get(NDArrayIndex.interval(1, 3), all)))
        .containsExactly(3, 4, 5, 6, 7, 8);
    assertThat(Indices.read("ids", array.transpose())).containsExactly(0, 3, 6, 1, 4, 7, 2, 5, 8);
  }
}
