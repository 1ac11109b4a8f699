package io.sequencezoo.datasets.image;

import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.ExampleHashes;
import io.sequencezoo.datasets.synthetic.SizedData;
import io.sequencezoo.datasets.synthetic.Sizes;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Images of shapes, each dependent on the configuration's seed, its split and its number alone:
 * place, size, direction and greys are drawn, and every pixel has noise of its own. An image
 * belongs to one split, by the hash of its rounded pixels.
 *
 * <p>As an example it is its pixels row by row, rounded, and its shape is to be told at the last
 * one. {@link #image} has the pixels themselves.
 */
public final class ShapeData implements SizedData {
  /** Grows with every change of what is drawn. */
  public static final int GENERATOR_VERSION = 1;

  /** Points per pixel in each direction, for soft edges. */
  private static final int POINTS = 3;

  private static final double SMALLEST_RADIUS = 0.25;
  private static final double LARGEST_RADIUS = 0.45;
  private static final double DARKEST_SHAPE = 0.7;
  private static final double BRIGHTEST_GROUND = 0.3;

  private final ShapeConfig config;

  /** The data of a configuration. */
  public ShapeData(ShapeConfig config) {
    this.config = config;
  }

  /**
   * An image.
   *
   * @param pixels rows from the top, from 0 for black to 1 for white
   * @param shape what it shows
   */
  public record Image(double[][] pixels, Shape shape) {}

  @Override
  public Sizes sizes() {
    return config;
  }

  /** Levels of grey, or shapes where these are more. */
  @Override
  public int vocabulary() {
    return Math.max(config.levels(), Shape.ALL.size());
  }

  @Override
  public int size(Split split, int index) {
    return split == Split.TEST ? config.tested(index) : config.side();
  }

  @Override
  public int length(Split split, int index) {
    return size(split, index) * size(split, index);
  }

  /** Image number {@code index} of a split. */
  public Image image(Split split, int index) {
    SplittableRandom random =
        ExampleHashes.random(GENERATOR_VERSION, ShapeConfig.NAME, config.seed(), split, index);
    Image image;
    do {
      image = draw(random, size(split, index));
    } while (ExampleHashes.split(tokens(image)) != split);
    return image;
  }

  private Image draw(SplittableRandom random, int side) {
    Shape shape = Shape.ALL.get(random.nextInt(Shape.ALL.size()));
    double radius = side * random.nextDouble(SMALLEST_RADIUS, LARGEST_RADIUS);
    double centreX = random.nextDouble(radius, Math.nextUp(side - radius));
    double centreY = random.nextDouble(radius, Math.nextUp(side - radius));
    double angle = random.nextDouble(2 * Math.PI);
    double cos = Math.cos(angle) / radius;
    double sin = Math.sin(angle) / radius;
    double light = random.nextDouble(DARKEST_SHAPE, 1);
    double dark = random.nextDouble(BRIGHTEST_GROUND);
    double[][] pixels = new double[side][side];
    for (int row = 0; row < side; row++) {
      for (int column = 0; column < side; column++) {
        int within = 0;
        for (int point = 0; point < POINTS * POINTS; point++) {
          int down = point / POINTS;
          double x = column + (point % POINTS + 0.5) / POINTS - centreX;
          double y = row + (down + 0.5) / POINTS - centreY;
          within += shape.contains(cos * x + sin * y, cos * y - sin * x) ? 1 : 0;
        }
        double grey = dark + (light - dark) * within / (POINTS * POINTS);
        double noisy = grey + config.noise() * random.nextGaussian();
        pixels[row][column] = Math.max(0, Math.min(1, noisy));
      }
    }
    return new Image(pixels, shape);
  }

  private int[] tokens(Image image) {
    return Arrays.stream(image.pixels)
        .flatMapToDouble(Arrays::stream)
        .mapToInt(grey -> Math.min(config.levels() - 1, (int) (grey * config.levels())))
        .toArray();
  }

  @Override
  public SyntheticData.Example example(Split split, int index) {
    Image image = image(split, index);
    int[] tokens = tokens(image);
    int[] labels = new int[tokens.length];
    Arrays.fill(labels, SyntheticData.IGNORED);
    labels[labels.length - 1] = image.shape.number();
    return new SyntheticData.Example(tokens, labels);
  }

  @Override
  public String hash() {
    return ExampleHashes.ofData(ShapeConfig.NAME, GENERATOR_VERSION, config);
  }
}
