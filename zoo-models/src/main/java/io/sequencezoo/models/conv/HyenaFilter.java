package io.sequencezoo.models.conv;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Sine;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Hyena's filters: a small network with sines from positions to taps, under a decaying window.
 *
 * <pre>{@code
 * x_0 = z_s,  x_{i+1} = sin(ω ⊙ (x_i W_i + b_i))    one ω for all layers
 * k_s = (x_n W) ⊙ (e^{-t_s |δ|} + shift)
 * }</pre>
 */
public final class HyenaFilter {
  /** The window falls to this share of one within {@link #FAST} to {@link #SLOW} of L. */
  private static final double TARGET = 0.01;

  /** The reference's fast_decay_pct. */
  private static final double FAST = 0.3;

  /** The reference's slow_decay_pct. */
  private static final double SLOW = 1.5;

  /** The reference's lowest frequency of positions. */
  private static final double LOWEST = 1e-4;

  private HyenaFilter() {}

  /**
   * A layer of sines.
   *
   * @param weight {@code [in, F]}
   * @param bias {@code [F]}
   */
  public record Layer(Variable weight, Variable bias) {}

  /**
   * Taps {@code k [n, D]}.
   *
   * @param z what stands for each position, {@code [n, E]}
   * @param t its share of the longest sequence, {@code [n]}
   * @param frequency ω, {@code [F]}
   * @param output W, {@code [F, D]}
   * @param rates δ, {@code [D]}
   */
  public static Variable apply(
      Tape tape,
      Variable z,
      Variable t,
      List<Layer> layers,
      Variable frequency,
      Variable output,
      Variable rates,
      double shift) {
    checkArgument(!layers.isEmpty(), "hyena filter: must have a layer of sines, got none");
    Variable x = z;
    for (Layer layer : layers) {
      x = Sine.apply(tape, Dense.linear(tape, x, layer.weight(), layer.bias()), frequency);
    }
    Variable taps = Dense.linear(tape, x, output, null);
    Variable exponent =
        Primitives.multiply(
            tape,
            Primitives.reshape(tape, t, t.length(), 1),
            Primitives.reshape(tape, Primitives.abs(tape, rates), 1, rates.length()));
    Variable decay = Primitives.map(tape, Unary.EXP, Primitives.map(tape, Unary.NEGATE, exponent));
    return Primitives.multiply(tape, taps, Primitives.affine(tape, 1, decay, shift));
  }

  /** The first n positions {@code z [n, E]} of sequences of at most L tokens. */
  static INDArray positions(DataType type, int n, int embedding, int maxLength) {
    int bands = (embedding - 1) / 2;
    double[][] z = new double[n][embedding];
    for (int s = 0; s < n; s++) {
      z[s][0] = s / (maxLength - 1.0);
      for (int j = 0; j < bands; j++) {
        double f = bands == 1 ? LOWEST : LOWEST + j * (bands - 1 - LOWEST) / (bands - 1);
        double angle = f * 2 * Math.PI * s / maxLength;
        z[s][1 + j] = Math.cos(angle);
        z[s][1 + bands + j] = -Math.sin(angle);
      }
    }
    return Nd4j.createFromArray(z).castTo(type);
  }

  /** Their shares of L, {@code [n]}. */
  static INDArray shares(DataType type, int n, int maxLength) {
    double[] t = new double[n];
    for (int s = 0; s < n; s++) {
      t[s] = s / (maxLength - 1.0);
    }
    return Nd4j.createFromArray(t).castTo(type);
  }

  /** Rates {@code δ [n]} from slow to fast. */
  static INDArray rates(DataType type, int n) {
    double slowest = Math.log(TARGET) / SLOW;
    double fastest = Math.log(TARGET) / FAST;
    double[] rates = new double[n];
    for (int i = 0; i < n; i++) {
      rates[i] = n == 1 ? slowest : slowest + i * (fastest - slowest) / (n - 1);
    }
    return Nd4j.createFromArray(rates).castTo(type);
  }
}
