package io.sequencezoo.core.dynamics.vector;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.dynamics.Transitions;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Small complex arrays {@code [..., 2, N]} of parameters, real parts first. */
public final class ComplexArrays {
  private ComplexArrays() {}

  /**
   * {@code scale x y}, element by element.
   *
   * @param x {@code [..., 2, N]}
   * @param y of x's shape, or {@code [2, N]} for every row of x
   */
  public static Variable multiply(Tape tape, double scale, Variable x, Variable y) {
    int modes = x.size(-1);
    checkArgument(
        x.rank() >= 2 && x.size(-2) == 2,
        "complex product: must have shape [..., 2, N], got %s",
        Arrays.toString(x.shape()));
    checkArgument(
        Arrays.equals(x.shape(), y.shape()) || Arrays.equals(y.shape(), new long[] {2, modes}),
        "complex product: factors must have one shape or the second [2, N], got %s and %s",
        Arrays.toString(x.shape()),
        Arrays.toString(y.shape()));
    return multiply(tape, Precision.of(x.type()), scale, x, y, modes);
  }

  private static <A> Variable multiply(
      Tape tape, Precision<A> precision, double scale, Variable x, Variable y, int modes) {
    INDArray product = tape.allocate(x.type(), x.shape());
    double[] xs = values(precision, x.value());
    double[] ys = values(precision, y.value());
    double[] out = new double[xs.length];
    for (int row = 0; row < xs.length; row += 2 * modes) {
      int other = row % ys.length;
      for (int i = 0; i < modes; i++) {
        double a = xs[row + i];
        double b = xs[row + modes + i];
        double c = ys[other + i];
        double d = ys[other + modes + i];
        out[row + i] = scale * (a * c - b * d);
        out[row + modes + i] = scale * (a * d + b * c);
      }
    }
    store(precision, out, product);
    return tape.record(
        product, cotangents -> pullback(precision, cotangents, scale, x, y, modes), x, y);
  }

  /** {@code gx = scale conj(y) g}, {@code gy = Σ scale conj(x) g}. */
  private static <A> void pullback(
      Precision<A> precision,
      Cotangents cotangents,
      double scale,
      Variable x,
      Variable y,
      int modes) {
    double[] xs = values(precision, x.value());
    double[] ys = values(precision, y.value());
    double[] g = values(precision, cotangents.output(0));
    double[] gx = new double[xs.length];
    double[] gy = new double[ys.length];
    for (int row = 0; row < xs.length; row += 2 * modes) {
      int other = row % ys.length;
      for (int i = 0; i < modes; i++) {
        double re = scale * g[row + i];
        double im = scale * g[row + modes + i];
        gx[row + i] = ys[other + i] * re + ys[other + modes + i] * im;
        gx[row + modes + i] = ys[other + i] * im - ys[other + modes + i] * re;
        gy[other + i] += xs[row + i] * re + xs[row + modes + i] * im;
        gy[other + modes + i] += xs[row + i] * im - xs[row + modes + i] * re;
      }
    }
    contribute(precision, cotangents, 0, gx);
    contribute(precision, cotangents, 1, gy);
  }

  /**
   * {@code e^z} of {@code z [..., 2, N]}, evaluated in double; not differentiable. Once for all
   * steps where z stays.
   */
  static Variable exponential(Tape tape, Variable z) {
    return tape.fixed("exponential", () -> new Variable[] {exponentialNow(tape, z)}, z)[0];
  }

  private static Variable exponentialNow(Tape tape, Variable z) {
    Precision<?> precision = Precision.of(z.type());
    int modes = z.size(-1);
    double[] logs = values(precision, z.value());
    double[] powers = new double[logs.length];
    for (int at = 0; at < logs.length; at += 2 * modes) {
      powers(logs, at, modes, 1, powers, at);
    }
    INDArray result = tape.allocate(z.type(), z.shape());
    store(precision, powers, result);
    return tape.constant(result);
  }

  static <A> void contribute(
      Precision<A> precision, Cotangents cotangents, int input, double[] gradient) {
    if (cotangents.needs(input)) {
      INDArray array = cotangents.tape().allocate(precision.type(), cotangents.shape(input));
      store(precision, gradient, array);
      cotangents.add(input, array);
    }
  }

  /** The elements, widened. */
  static <A> double[] values(Precision<A> precision, INDArray array) {
    int n = Math.toIntExact(array.length());
    double[] values = new double[n];
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(n);
      precision.slab(array).load(0, tile, 0, n);
      precision.kernels().widen(tile, 0, values, 0, n);
    }
    return values;
  }

  /** Overwrites an array, rounded. */
  static <A> void store(Precision<A> precision, double[] values, INDArray into) {
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(values.length);
      precision.kernels().round(values, 0, tile, 0, values.length);
      Slab<A> slab = precision.slab(into);
      slab.store(0, tile, 0, values.length);
    }
  }

  /** {@code e^{k z}} of {@code z [2, N]} at offset at, written to {@code into [2, N]}. */
  static void powers(double[] z, int at, int modes, double k, double[] into, int to) {
    for (int i = 0; i < modes; i++) {
      // A log of minus infinity is a transition of zero, which no power but the zeroth changes.
      double size = k == 0 ? 1 : Math.exp(k * z[at + i]);
      double angle = k * z[at + modes + i];
      into[to + i] = size * Math.cos(angle);
      into[to + modes + i] = size * Math.sin(angle);
    }
  }

  /** Multiplication by {@code e^z} of states that hold real parts, then imaginary ones. */
  static Transition transition(double[] z, int at, int modes) {
    double[] lambda = new double[2 * modes];
    powers(z, at, modes, 1, lambda, 0);
    double[] re = Arrays.copyOf(lambda, modes);
    double[] im = Arrays.copyOfRange(lambda, modes, 2 * modes);
    double[] minus = Arrays.stream(im).map(y -> -y).toArray();
    return Transitions.blocks(re, minus, im, re);
  }
}
