package io.sequencezoo.models.vector;

import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.registry.MixerConfig.Place;
import java.util.function.DoubleUnaryOperator;

/**
 * How RWKV-4's vectors start: channel by channel, so that the channels of a layer remember for
 * different times, and layer by layer. The constants are the reference's.
 */
final class Rwkv4Start {
  /** 0 in the first layer, 1 in the last. */
  private final double depth;

  /** 1 in the first layer, almost 0 in the last. */
  private final double shallowness;

  Rwkv4Start(Place place) {
    this.depth = place.layers() == 1 ? 0 : (double) place.layer() / (place.layers() - 1);
    this.shallowness = 1 - (double) place.layer() / place.layers();
  }

  /** {@code w = -5 + 8 (h / (E - 1))^{.7 + 1.3 depth}}. */
  Initialiser decay() {
    return (shape, random) -> {
      double[] values = new double[(int) shape[0]];
      for (int h = 0; h < values.length; h++) {
        double ramp = values.length == 1 ? 0.5 : h / (values.length - 1.0);
        values[h] = -5 + 8 * Math.pow(ramp, 0.7 + 1.3 * depth);
      }
      return values;
    };
  }

  /** {@code u = log .3 + ((h + 1) mod 3 - 1) / 2}. */
  Initialiser bonus() {
    return (shape, random) -> {
      double[] values = new double[(int) shape[0]];
      for (int h = 0; h < values.length; h++) {
        values[h] = Math.log(0.3) + ((h + 1) % 3 - 1) / 2.0;
      }
      return values;
    };
  }

  /** {@code 1 - (h / D)^{shallowness}}, the share of the token before in keys. */
  Initialiser keyMix() {
    return shares(ramp -> Math.pow(ramp, shallowness));
  }

  /** That in values: by 0.3 depth less. */
  Initialiser valueMix() {
    return shares(ramp -> Math.pow(ramp, shallowness) + 0.3 * depth);
  }

  /** That in receptances: {@code 1 - (h / D)^{shallowness / 2}}. */
  Initialiser receptanceMix() {
    return shares(ramp -> Math.pow(ramp, shallowness / 2));
  }

  private static Initialiser shares(DoubleUnaryOperator present) {
    return (shape, random) -> {
      double[] values = new double[(int) shape[0]];
      for (int h = 0; h < values.length; h++) {
        values[h] = 1 - present.applyAsDouble((double) h / values.length);
      }
      return values;
    };
  }
}
