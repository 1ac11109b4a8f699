package io.sequencezoo.datasets.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.image.ShapeData.Image;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.datasets.synthetic.SyntheticData.Example;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("any-kernels")
class ShapeDataTest {
  private static final ShapeConfig STANDARD = ShapeConfig.standard();

  /**
   * Tells shapes apart by what no turn, size or grey changes: how much of the circle around them
   * they fill, whether their middle is empty, and how long they are.
   */
  private static Shape seen(double[][] pixels) {
    double least = Arrays.stream(pixels).flatMapToDouble(Arrays::stream).min().orElseThrow();
    double most = Arrays.stream(pixels).flatMapToDouble(Arrays::stream).max().orElseThrow();
    double area = 0;
    double meanX = 0;
    double meanY = 0;
    for (int row = 0; row < pixels.length; row++) {
      for (int column = 0; column < pixels.length; column++) {
        double inside = (pixels[row][column] - least) / (most - least);
        area += inside;
        meanX += inside * column;
        meanY += inside * row;
      }
    }
    meanX /= area;
    meanY /= area;
    double far = 0;
    double xx = 0;
    double xy = 0;
    double yy = 0;
    for (int row = 0; row < pixels.length; row++) {
      for (int column = 0; column < pixels.length; column++) {
        double inside = (pixels[row][column] - least) / (most - least);
        double x = column - meanX;
        double y = row - meanY;
        far = inside > 0.5 ? Math.max(far, Math.hypot(x, y)) : far;
        xx += inside * x * x;
        xy += inside * x * y;
        yy += inside * y * y;
      }
    }
    double middle =
        (pixels[(int) Math.round(meanY)][(int) Math.round(meanX)] - least) / (most - least);
    double root = Math.hypot((xx - yy) / 2, xy);
    double elongation = ((xx + yy) / 2 + root) / ((xx + yy) / 2 - root);
    double filled = area / (Math.PI * far * far);
    // Exactly: circle 1, square 0.64, cross 0.54, triangle 0.41, bar 0.31.
    return middle < 0.5
        ? Shape.RING
        : elongation > 2
            ? Shape.BAR
            : filled > 0.85
                ? Shape.CIRCLE
                : filled > 0.59 ? Shape.SQUARE : filled > 0.475 ? Shape.CROSS : Shape.TRIANGLE;
  }

  @Test
  void shapes_areWhatTheySay() {
    ShapeConfig clear =
        Configs.with(STANDARD, Map.of("side", 160, "noise", 0.0, "testLengths", List.of(160)));
    ShapeData data = new ShapeData(clear);
    int[] counts = new int[Shape.ALL.size()];
    for (int i = 0; i < 120; i++) {
      Image image = data.image(Split.TRAIN, i);
      assertThat(seen(image.pixels())).as("image %s", i).isEqualTo(image.shape());
      counts[image.shape().number()]++;
    }
    // 20 each, with a standard deviation of 4.
    assertThat(Arrays.stream(counts)).allMatch(count -> count >= 4 && count <= 40);
  }

  @Test
  void examples_areRoundedPixelsRowByRow() {
    ShapeData data = new ShapeData(STANDARD);
    for (Split split : Split.values()) {
      Example example = data.example(split, 0);
      Image image = data.image(split, 0);
      int side = data.size(split, 0);
      assertThat(example.tokens()).hasSize(side * side).hasSize(data.length(split, 0));
      for (int t = 0; t < example.tokens().length; t++) {
        double grey = image.pixels()[t / side][t % side];
        assertThat(grey).isBetween(0.0, 1.0);
        assertThat(Math.abs(example.tokens()[t] + 0.5 - 8 * grey)).isLessThanOrEqualTo(0.5);
      }
      assertThat(Arrays.copyOf(example.labels(), side * side - 1))
          .containsOnly(SyntheticData.IGNORED);
      assertThat(example.labels()[side * side - 1]).isEqualTo(image.shape().number());
    }
    assertThat(data.size(Split.TEST, 999)).isEqualTo(24);
  }

  /** The spread of pixels in a corner, which are all ground: five standard deviations of it. */
  @Test
  void noise_hasItsDeviation() {
    ShapeConfig noisy =
        Configs.with(STANDARD, Map.of("side", 96, "noise", 0.02, "testLengths", List.of(96)));
    Image one = new ShapeData(noisy).image(Split.TRAIN, 0);
    double[] corner = new double[64];
    for (int i = 0; i < 64; i++) {
      corner[i] = one.pixels()[i / 8][i % 8];
    }
    double mean = Arrays.stream(corner).average().orElseThrow();
    double variance = Arrays.stream(corner).map(x -> (x - mean) * (x - mean)).sum() / 63;
    assertThat(Math.sqrt(variance)).isBetween(0.011, 0.029);
  }

  @Test
  void settings_areReadAndChecked() {
    assertThat(Configs.read("task", "{seed: 0}", ShapeConfig.class)).isEqualTo(STANDARD);
    assertThat(new ShapeData(Configs.with(STANDARD, "seed", 1)).hash())
        .isNotEqualTo(new ShapeData(STANDARD).hash());
    assertThatThrownBy(() -> Configs.with(STANDARD, "side", 4))
        .hasMessage("shapes: side must be between 8 and 1024, got 4");
    assertThatThrownBy(() -> Configs.with(STANDARD, "noise", 2))
        .hasMessage("shapes: noise must be between 0 and 1, got 2.0");
    assertThatThrownBy(() -> Configs.with(STANDARD, "levels", 1))
        .hasMessage("shapes: levels must be between 2 and 256, got 1");
  }
}
