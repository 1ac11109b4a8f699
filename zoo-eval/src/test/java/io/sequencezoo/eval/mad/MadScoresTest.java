package io.sequencezoo.eval.mad;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.eval.experiment.SizeScores;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("any-kernels")
class MadScoresTest {
  @Test
  void scaled_isNoughtForGuessesAndOneForAll() {
    assertThat(scaled(0.25, 0.25)).isZero();
    assertThat(scaled(1, 0.25)).isEqualTo(1);
    assertThat(scaled(0.55, 0.1)).isCloseTo(0.5, within(1e-12));
    assertThat(scaled(0, 0.5)).isEqualTo(-1);
  }

  private static double scaled(double accuracy, double frequent) {
    List<SizeScores.Size> sizes =
        List.of(new SizeScores.Size(8, accuracy, 0), new SizeScores.Size(16, 0.9, 0));
    return new MadScores(new SizeScores(8, sizes), frequent).estimates().get("scaled").value();
  }
}
