package io.sequencezoo.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ContinuousBatchTest {
  private static final INDArray SERIES =
      Nd4j.createFromArray(new double[][][] {{{1}, {2}, {3}, {4}}, {{5}, {6}, {7}, {Double.NaN}}});

  @Test
  void ofSeries_targetsAreTheStepsThatFollowAsFarAsKnown() {
    ContinuousBatch batch = ContinuousBatch.ofSeries(SERIES, 2, new int[] {4, 3});
    assertThat(batch.inputs().data().asDouble()).containsExactly(1, 2, 3, 5, 6, 0);
    assertThat(batch.targets().data().asDouble())
        .containsExactly(2, 3, 3, 4, 4, 0, 6, 7, 7, 0, 0, 0);
    assertThat(Objects.requireNonNull(batch.mask()).data().asDouble())
        .containsExactly(1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0);
    assertThat(batch.lengths()).containsExactly(3, 2);
    assertThat(batch.targetCount()).isEqualTo(8);
  }

  // The compiler drops @Nullable of an array from the constructor of a record.
  @SuppressWarnings("NullAway")
  @Test
  void maskLeftOut_countsValidPositions() {
    INDArray inputs = Nd4j.zeros(DataType.FLOAT, 2, 3, 1);
    INDArray targets = Nd4j.zeros(DataType.FLOAT, 2, 3, 2, 1);
    assertThat(new ContinuousBatch(inputs, targets, null, null).targetCount()).isEqualTo(12);
    assertThat(new ContinuousBatch(inputs, targets, null, new int[] {3, 1}).targetCount())
        .isEqualTo(8);
  }

  @Test
  void badInput_isRefusedInOneLine() {
    assertThatThrownBy(() -> ContinuousBatch.ofSeries(SERIES, 0, null))
        .hasMessage("batch: horizon must be at least 1, got 0");
    INDArray one = Nd4j.ones(DataType.FLOAT, 1, 2, 1);
    INDArray targets = Nd4j.ones(DataType.FLOAT, 1, 2, 1, 1);
    assertThatThrownBy(() -> new ContinuousBatch(one, targets, one, new int[] {1}))
        .hasMessage("batch: mask must be 0 or 1, and 0 where padded, got 1.0 at row 0, position 1");
    assertThatThrownBy(() -> new ContinuousBatch(one, targets, null, new int[] {3}))
        .hasMessage("batch: lengths must be between 0 and 2, got [3]");
  }
}
