package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.op.LogDecays;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * HGRN2's gates with a lower bound per channel: those of {@link LogDecays#lowerBounded} channel by
 * channel, which a layer calls once, and the gradient of the bounds, which a layer doesn't learn:
 * {@code dlb = Σ σ(-f) (dg / α - dk)}.
 */
final class ChannelBounds {
  private ChannelBounds() {}

  /** k and g as f, {@code [B, T, H, K]}; bounds {@code [H, K]}. */
  static Variable[] apply(Tape tape, Variable f, Variable bounds) {
    int channels = Math.toIntExact(bounds.length());
    double[] lb = numbers(bounds.value());
    Variable flat = Primitives.reshape(tape, f, f.length() / channels, channels);
    long[] ones = new long[channels];
    Arrays.fill(ones, 1);
    Variable[] logits = Primitives.split(tape, flat, 1, ones);
    Variable[] keys = new Variable[channels];
    Variable[] decays = new Variable[channels];
    for (int c = 0; c < channels; c++) {
      Variable[] gates = LogDecays.lowerBounded(tape, logits[c], lb[c]);
      keys[c] = gates[0];
      decays[c] = gates[1];
    }
    Variable k = Primitives.reshape(tape, Primitives.concat(tape, 1, keys), f.shape());
    Variable g = Primitives.reshape(tape, Primitives.concat(tape, 1, decays), f.shape());
    return tape.record(
        new INDArray[] {k.value().dup('c'), g.value().dup('c')},
        cotangents -> pullback(cotangents, f, bounds, lb),
        k,
        g,
        bounds);
  }

  private static void pullback(Cotangents cotangents, Variable f, Variable bounds, double[] lb) {
    INDArray dk = cotangents.outputOrZeros(0);
    INDArray dg = cotangents.outputOrZeros(1);
    cotangents.share(0, dk);
    cotangents.share(1, dg);
    if (!cotangents.needs(2)) {
      return;
    }
    double[] logits = numbers(f.value());
    double[] keyGradient = numbers(dk);
    double[] decayGradient = numbers(dg);
    double[] sums = new double[lb.length];
    for (int i = 0; i < logits.length; i++) {
      int c = i % lb.length;
      double open = 1 / (1 + Math.exp(logits[i]));
      double decay = lb[c] + (1 - lb[c]) * (1 - open);
      sums[c] += open * (decayGradient[i] / decay - keyGradient[i]);
    }
    INDArray gradient = cotangents.tape().zeros(bounds.type(), bounds.shape());
    for (int c = 0; c < sums.length; c++) {
      gradient.putScalar(c, sums[c]);
    }
    cotangents.add(2, gradient);
  }

  private static double[] numbers(INDArray array) {
    return array.dup('c').data().asDouble();
  }
}
