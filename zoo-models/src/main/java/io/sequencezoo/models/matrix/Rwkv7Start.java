package io.sequencezoo.models.matrix;

import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.registry.MixerConfig.Place;
import java.util.function.IntToDoubleFunction;

/**
 * How RWKV-7's parameters start: feature by feature, so that the features of a layer remember for
 * different times, and layer by layer. The constants are the reference's.
 */
final class Rwkv7Start {
  private final int width;
  private final int headWidth;

  /** 0 in the first layer, 1 in the last. */
  private final double depth;

  /** 1 in the first layer, almost 0 in the last. */
  private final double shallowness;

  private final double normWeight;

  Rwkv7Start(Place place, int headWidth) {
    this.width = place.width();
    this.headWidth = headWidth;
    this.depth = place.layers() == 1 ? 0 : (double) place.layer() / (place.layers() - 1);
    this.shallowness = 1 - (double) place.layer() / place.layers();
    this.normWeight = Math.pow((place.layer() + 1.0) / place.layers(), 0.7);
  }

  /** The share of the token before, larger for the first features. */
  Initialiser mix(double power) {
    return perFeature(n -> 1 - Math.pow((double) n / width, power * shallowness));
  }

  /** Logits from which the first features forget slowest; the first and last of a head differ. */
  Initialiser decayBias() {
    return perFeature(
        n -> -5.5 + 6 * Math.pow(ramp(n), 1 + Math.pow(depth, 0.3)) + 2.5 * zigzag(n));
  }

  /** Logits of the in-context rates. */
  Initialiser rateBias() {
    return perFeature(n -> -0.19 + 0.3 * zigzag(n) + 0.4 * (ramp(n) - 0.5));
  }

  /** What keys are multiplied by before they are normalised to removal keys. */
  Initialiser removalScale() {
    return perFeature(n -> 0.71 - 0.1 * (ramp(n) - 0.5));
  }

  /** The group norm's gain. */
  Initialiser norm() {
    return Initialisers.constant(normWeight);
  }

  /** Orthogonal columns or rows of this length. */
  static Initialiser orthogonal(double length) {
    Initialiser unit = Initialisers.orthogonal(1);
    return (shape, random) -> {
      double[] values = unit.values(shape, random);
      for (int i = 0; i < values.length; i++) {
        values[i] *= length;
      }
      return values;
    };
  }

  private static Initialiser perFeature(IntToDoubleFunction value) {
    return (shape, random) -> {
      double[] values = new double[(int) shape[0]];
      for (int n = 0; n < values.length; n++) {
        values[n] = value.applyAsDouble(n);
      }
      return values;
    };
  }

  /** From 0 to 1 over the features. */
  private double ramp(int n) {
    return width == 1 ? 0.5 : n / (width - 1.0);
  }

  /** From -1 to 1 over the features of a head, squared with its sign. */
  private double zigzag(int n) {
    double half = (headWidth - 1) / 2.0;
    double z = headWidth == 1 ? 0 : (n % headWidth - half) / half;
    return z * Math.abs(z);
  }
}
