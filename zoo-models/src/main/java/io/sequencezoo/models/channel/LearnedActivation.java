package io.sequencezoo.models.channel;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Norms;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Activations with parameters of their own, as bare operations. */
public final class LearnedActivation {
  private LearnedActivation() {}

  /**
   * PolyReLU: {@code w_0 r³ + w_1 r² + w_2 r + b}, {@code r = max(x, 0)}.
   *
   * @param weight {@code [3]}, of the highest degree first
   * @param bias {@code [1]}
   */
  public static Variable polyRelu(Tape tape, Variable x, Variable weight, Variable bias) {
    Variable r = Activations.apply(tape, Unary.RELU, x);
    Variable y = Primitives.multiply(tape, r, entry(tape, weight, 0));
    for (int i = 1; i < 3; i++) {
      Variable sum = Primitives.add(tape, y, entry(tape, weight, i));
      y = Primitives.multiply(tape, sum, r);
    }
    return Primitives.add(tape, y, bias);
  }

  /**
   * PolyNorm: {@code w_0 rms(x³) + w_1 rms(x²) + w_2 rms(x) + b}, {@code rms(u) = u / √(mean(u²) +
   * eps)} over the last axis.
   *
   * @param weight {@code [3]}, of the highest degree first
   * @param bias {@code [1]}
   */
  public static Variable polyNorm(
      Tape tape, Variable x, Variable weight, Variable bias, double eps) {
    int n = x.size(-1);
    INDArray ones = tape.zeros(x.type(), n);
    ones.addi(1);
    Variable gain = tape.constant(ones);
    Variable power = x;
    Variable y = term(tape, power, gain, entry(tape, weight, 2), eps);
    for (int i = 1; i >= 0; i--) {
      power = Primitives.multiply(tape, power, x);
      y = Primitives.add(tape, y, term(tape, power, gain, entry(tape, weight, i), eps));
    }
    return Primitives.add(tape, y, bias);
  }

  private static Variable term(
      Tape tape, Variable power, Variable gain, Variable weight, double eps) {
    Variable normed = Norms.rmsNorm(tape, power, gain, null, eps, power.size(-1));
    return Primitives.multiply(tape, normed, weight);
  }

  private static Variable entry(Tape tape, Variable weight, int i) {
    return Primitives.slice(tape, weight, 0, i, i + 1L);
  }

  /**
   * CRReLU: {@code max(x, 0) + ε x e^{-x²/2}}.
   *
   * @param epsilon ε, {@code [1]}
   */
  public static Variable crRelu(Tape tape, Variable x, Variable epsilon) {
    Variable square = Primitives.map(tape, Unary.SQUARE, x);
    Variable bell = Primitives.map(tape, Unary.EXP, Primitives.affine(tape, -0.5, square, 0));
    Variable wave = Primitives.multiply(tape, x, bell);
    return Primitives.add(
        tape, Activations.apply(tape, Unary.RELU, x), Primitives.multiply(tape, wave, epsilon));
  }

  /**
   * The series informed activation: {@code Σ_i f(a_i ⊙ x + b_i)}.
   *
   * @param f of every term
   * @param a {@code [n, F]}
   * @param b {@code [n, F]}
   */
  public static Variable series(Tape tape, Unary f, Variable x, Variable a, Variable b) {
    int n = a.size(0);
    int width = x.size(-1);
    checkArgument(
        a.size(1) == width && b.size(0) == n && b.size(1) == width,
        "series activation: a and b must be [%s, %s], got [%s, %s] and [%s, %s]",
        n,
        width,
        n,
        a.size(1),
        b.size(0),
        b.size(1));
    Variable y = term(tape, f, x, a, b, 0);
    for (int i = 1; i < n; i++) {
      y = Primitives.add(tape, y, term(tape, f, x, a, b, i));
    }
    return y;
  }

  private static Variable term(Tape tape, Unary f, Variable x, Variable a, Variable b, int i) {
    int width = x.size(-1);
    Variable scale = Primitives.reshape(tape, Primitives.slice(tape, a, 0, i, i + 1L), width);
    Variable shift = Primitives.reshape(tape, Primitives.slice(tape, b, 0, i, i + 1L), width);
    Variable inner = Primitives.add(tape, Primitives.multiply(tape, x, scale), shift);
    return Activations.apply(tape, f, inner);
  }

  /**
   * The quadratic map {@code (x R + b_r) ⊙ (x G + b_g) + x² B + c} of ReLinear, from its three
   * linear parts.
   */
  public static Variable quadratic(
      Tape tape, Variable linear, Variable factor, Variable ofSquares) {
    return Primitives.add(tape, Primitives.multiply(tape, linear, factor), ofSquares);
  }

  /**
   * What AF-KAN makes of x before its last map:
   *
   * <pre>{@code
   * φ_dj = (silu(x_d - low_j) silu(high_j - x_d))²    f = (φ - min φ)/(max φ - min φ)
   * z_d = softmax_d((w·f_d + b)/max(τ, 1)) Σ_j f_dj   y = silu(layerNorm(z))
   * }</pre>
   *
   * @param x {@code [B, T, D]}
   * @param low {@code [G]}; high and attention, w, alike
   * @param temperature τ, {@code [1]}
   * @param norm gain and bias of the layer norm, {@code [D]} each
   * @param whole whether minimum and maximum are those of all positions together, as published,
   *     which lets positions see each other; otherwise each position has its own
   */
  public static Variable kanFeatures(
      Tape tape,
      Variable x,
      Variable low,
      Variable high,
      Variable attention,
      Variable temperature,
      Variable[] norm,
      double eps,
      boolean whole) {
    long batch = x.size(0);
    long steps = x.size(1);
    long width = x.size(2);
    int grid = low.size(0);
    Variable column = Primitives.reshape(tape, x, batch * steps, width, 1);
    Variable above = Activations.apply(tape, Unary.SILU, Primitives.subtract(tape, column, low));
    Variable below = Activations.apply(tape, Unary.SILU, Primitives.subtract(tape, high, column));
    Variable phi = Primitives.map(tape, Unary.SQUARE, Primitives.multiply(tape, above, below));
    Variable rows =
        Primitives.reshape(
            tape, phi, whole ? 1 : batch * steps, whole ? phi.length() : width * grid);
    Variable most = Primitives.max(tape, rows, 1, true);
    Variable least =
        Primitives.map(
            tape,
            Unary.NEGATE,
            Primitives.max(tape, Primitives.map(tape, Unary.NEGATE, rows), 1, true));
    Variable scaled =
        Primitives.divide(
            tape, Primitives.subtract(tape, rows, least), Primitives.subtract(tape, most, least));
    Variable f = Primitives.reshape(tape, scaled, batch * steps, width, grid);
    Variable logits =
        Primitives.divide(
            tape,
            Primitives.sum(tape, Primitives.multiply(tape, f, attention), 2, false),
            Primitives.clamp(tape, temperature, 1, Double.MAX_VALUE));
    Variable z =
        Primitives.multiply(
            tape, Primitives.softmax(tape, logits), Primitives.sum(tape, f, 2, false));
    Variable normed =
        Norms.layerNorm(
            tape, Primitives.reshape(tape, z, batch, steps, width), norm[0], norm[1], eps);
    return Activations.apply(tape, Unary.SILU, normed);
  }
}
