package io.sequencezoo.core.dynamics;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/**
 * The structures of transitions.
 *
 * <table>
 * <caption>Which family has which</caption>
 * <tr><td>{@link #identity}, {@link #scaled}</td><td>attention, retention, Mamba-2</td></tr>
 * <tr><td>{@link #diagonal}</td><td>gated linear attention, state space models, qLSTM</td></tr>
 * <tr><td>{@link #blocks}</td><td>complex diagonal systems, ParaLSTM</td></tr>
 * <tr><td>{@link #plusRankOne}, {@link #householder}</td><td>the delta family, RWKV-7</td></tr>
 * <tr><td>{@link #dense}</td><td>Jacobians of nonlinear cells</td></tr>
 * <tr><td>{@link #repeated}</td><td>a transition of keys that acts on every value column</td></tr>
 * <tr><td>{@link #directSum}</td><td>M²RNN: every row of the state by its own Jacobian</td></tr>
 * </table>
 */
public final class Transitions {
  private Transitions() {}

  /** {@code I} of N rows. */
  public static Transition identity(int size) {
    return new Scaled(size, 1);
  }

  /** {@code a I} of N rows. */
  public static Transition scaled(int size, double a) {
    return new Scaled(size, a);
  }

  /** {@code diag(a)}. */
  public static Transition diagonal(double... a) {
    return new Diagonal(a.clone());
  }

  /**
   * {@code [diag(a) diag(b); diag(c) diag(d)]} on a state of two halves. A complex diagonal {@code
   * λ} on (real parts, imaginary parts) is {@code a = d = Re λ}, {@code c = -b = Im λ}.
   */
  public static Transition blocks(double[] a, double[] b, double[] c, double[] d) {
    checkArgument(
        a.length == b.length && a.length == c.length && a.length == d.length,
        "transition: blocks must have one size, got %s, %s, %s and %s",
        a.length,
        b.length,
        c.length,
        d.length);
    return new Blocks(a.clone(), b.clone(), c.clone(), d.clone());
  }

  /** {@code diag(a) + u wᵀ}. */
  public static Transition plusRankOne(double[] a, double[] u, double[] w) {
    checkArgument(
        a.length == u.length && a.length == w.length,
        "transition: diagonal and rank-one part must have one size, got %s, %s and %s",
        a.length,
        u.length,
        w.length);
    return new PlusRankOne(a.clone(), u.clone(), w.clone());
  }

  /** {@code diag(a) (I - beta k kᵀ)}: a generalised Householder reflection, then a decay. */
  public static Transition householder(double[] a, double beta, double[] k) {
    double[] u = new double[k.length];
    for (int i = 0; i < u.length; i++) {
      u[i] = -beta * a[i] * k[i];
    }
    return plusRankOne(a, u, k);
  }

  /** Any matrix, N rows of N numbers. */
  public static Transition dense(double[][] matrix) {
    for (double[] row : matrix) {
      checkArgument(
          row.length == matrix.length,
          "transition: must be square, got a row of %s in %s rows",
          row.length,
          matrix.length);
    }
    return new Dense(Matrices.copy(matrix));
  }

  /**
   * {@code Λ ⊗ I}: the transition acts on the first index of a state {@code [K, copies]} laid out
   * row by row, alike for every copy.
   */
  public static Transition repeated(Transition one, int copies) {
    return new Repeated(one, copies);
  }

  /** {@code Λ_1 ⊕ ... ⊕ Λ_n}: each moves its own part of the state, part after part. */
  public static Transition directSum(List<Transition> summands) {
    return new Sum(List.copyOf(summands));
  }

  static Transition denseProduct(Transition later, Transition earlier) {
    checkSizes(later, earlier);
    return new Dense(Matrices.apply(later, earlier.toDense()));
  }

  private static void checkSizes(Transition later, Transition earlier) {
    checkArgument(
        later.size() == earlier.size(),
        "transition: sizes must agree, got %s after %s",
        later.size(),
        earlier.size());
  }

  private record Scaled(int size, double a) implements Transition {
    @Override
    public double[] apply(double[] h) {
      double[] out = new double[size];
      for (int i = 0; i < size; i++) {
        out[i] = a * h[i];
      }
      return out;
    }

    @Override
    public double[] applyTransposed(double[] h) {
      return apply(h);
    }

    @Override
    public Transition after(Transition earlier) {
      checkSizes(this, earlier);
      if (a == 1) {
        return earlier;
      }
      double[] diagonal = new double[size];
      Arrays.fill(diagonal, a);
      return earlier instanceof Scaled scaled
          ? new Scaled(size, a * scaled.a)
          : new Diagonal(diagonal).after(earlier);
    }

    @Override
    public List<Part> parts() {
      return List.of(new Part(new double[][] {{a}}, size));
    }
  }

  private record Diagonal(double[] a) implements Transition {
    @Override
    public int size() {
      return a.length;
    }

    @Override
    public double[] apply(double[] h) {
      return Matrices.multiply(a, h);
    }

    @Override
    public double[] applyTransposed(double[] h) {
      return apply(h);
    }

    @Override
    public Transition after(Transition earlier) {
      checkSizes(this, earlier);
      if (earlier instanceof Scaled scaled) {
        return new Diagonal(scaled.apply(a));
      }
      if (earlier instanceof Diagonal diagonal) {
        return new Diagonal(Matrices.multiply(a, diagonal.a));
      }
      if (earlier instanceof PlusRankOne p) {
        return new PlusRankOne(Matrices.multiply(a, p.a), Matrices.multiply(a, p.u), p.w);
      }
      if (earlier instanceof Blocks b) {
        double[] upper = Arrays.copyOf(a, b.a.length);
        double[] lower = Arrays.copyOfRange(a, b.a.length, a.length);
        return new Blocks(
            Matrices.multiply(upper, b.a),
            Matrices.multiply(upper, b.b),
            Matrices.multiply(lower, b.c),
            Matrices.multiply(lower, b.d));
      }
      return denseProduct(this, earlier);
    }

    @Override
    public List<Part> parts() {
      return Arrays.stream(a).mapToObj(x -> new Part(new double[][] {{x}}, 1)).toList();
    }
  }

  private record Blocks(double[] a, double[] b, double[] c, double[] d) implements Transition {
    @Override
    public int size() {
      return 2 * a.length;
    }

    @Override
    public double[] apply(double[] h) {
      return apply(h, b, c);
    }

    @Override
    public double[] applyTransposed(double[] h) {
      return apply(h, c, b);
    }

    private double[] apply(double[] h, double[] upper, double[] lower) {
      int half = a.length;
      double[] out = new double[2 * half];
      for (int i = 0; i < half; i++) {
        out[i] = a[i] * h[i] + upper[i] * h[half + i];
        out[half + i] = lower[i] * h[i] + d[i] * h[half + i];
      }
      return out;
    }

    @Override
    public Transition after(Transition earlier) {
      checkSizes(this, earlier);
      if (!(earlier instanceof Blocks e)) {
        return denseProduct(this, earlier);
      }
      return new Blocks(
          sum(a, e.a, b, e.c), sum(a, e.b, b, e.d), sum(c, e.a, d, e.c), sum(c, e.b, d, e.d));
    }

    @Override
    public List<Part> parts() {
      return IntStream.range(0, a.length)
          .mapToObj(i -> new Part(new double[][] {{a[i], b[i]}, {c[i], d[i]}}, 1))
          .toList();
    }

    private static double[] sum(double[] x, double[] y, double[] v, double[] w) {
      double[] out = new double[x.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = x[i] * y[i] + v[i] * w[i];
      }
      return out;
    }
  }

  private record PlusRankOne(double[] a, double[] u, double[] w) implements Transition {
    @Override
    public int size() {
      return a.length;
    }

    @Override
    public double[] apply(double[] h) {
      return apply(h, u, w);
    }

    @Override
    public double[] applyTransposed(double[] h) {
      return apply(h, w, u);
    }

    private double[] apply(double[] h, double[] left, double[] right) {
      double dot = Matrices.dot(right, h);
      double[] out = new double[a.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = a[i] * h[i] + left[i] * dot;
      }
      return out;
    }

    @Override
    public List<Part> parts() {
      // Never split, so that a chance zero doesn't change the structure from step to step.
      return List.of(new Part(toDense(), 1));
    }
  }

  private record Dense(double[][] matrix) implements Transition {
    @Override
    public int size() {
      return matrix.length;
    }

    @Override
    public double[] apply(double[] h) {
      return Matrices.multiply(matrix, h);
    }

    @Override
    public double[] applyTransposed(double[] h) {
      double[] out = new double[matrix.length];
      for (int i = 0; i < out.length; i++) {
        for (int j = 0; j < out.length; j++) {
          out[j] += matrix[i][j] * h[i];
        }
      }
      return out;
    }

    @Override
    public double[][] toDense() {
      return Matrices.copy(matrix);
    }
  }

  private record Repeated(Transition one, int copies) implements Transition {
    @Override
    public int size() {
      return one.size() * copies;
    }

    @Override
    public double[] apply(double[] h) {
      return perCopy(h, false);
    }

    @Override
    public double[] applyTransposed(double[] h) {
      return perCopy(h, true);
    }

    private double[] perCopy(double[] h, boolean transposed) {
      double[] out = new double[size()];
      double[] column = new double[one.size()];
      for (int copy = 0; copy < copies; copy++) {
        for (int i = 0; i < column.length; i++) {
          column[i] = h[i * copies + copy];
        }
        double[] image = transposed ? one.applyTransposed(column) : one.apply(column);
        for (int i = 0; i < column.length; i++) {
          out[i * copies + copy] = image[i];
        }
      }
      return out;
    }

    @Override
    public Transition after(Transition earlier) {
      checkSizes(this, earlier);
      return earlier instanceof Repeated r && r.copies == copies
          ? new Repeated(one.after(r.one), copies)
          : denseProduct(this, earlier);
    }

    @Override
    public List<Part> parts() {
      return one.parts().stream()
          .map(part -> new Part(part.matrix(), part.copies() * copies))
          .toList();
    }
  }

  private record Sum(List<Transition> summands) implements Transition {
    @Override
    public int size() {
      return summands.stream().mapToInt(Transition::size).sum();
    }

    @Override
    public double[] apply(double[] h) {
      return perSummand(h, Transition::apply);
    }

    @Override
    public double[] applyTransposed(double[] h) {
      return perSummand(h, Transition::applyTransposed);
    }

    private double[] perSummand(double[] h, BiFunction<Transition, double[], double[]> move) {
      double[] out = new double[h.length];
      int from = 0;
      for (Transition summand : summands) {
        int to = from + summand.size();
        double[] image = move.apply(summand, Arrays.copyOfRange(h, from, to));
        System.arraycopy(image, 0, out, from, image.length);
        from = to;
      }
      return out;
    }

    @Override
    public Transition after(Transition earlier) {
      checkSizes(this, earlier);
      if (!(earlier instanceof Sum other) || !sizes().equals(other.sizes())) {
        return denseProduct(this, earlier);
      }
      List<Transition> products = new ArrayList<>();
      for (int i = 0; i < summands.size(); i++) {
        products.add(summands.get(i).after(other.summands.get(i)));
      }
      return new Sum(products);
    }

    private List<Integer> sizes() {
      return summands.stream().map(Transition::size).toList();
    }

    @Override
    public List<Part> parts() {
      return summands.stream().flatMap(summand -> summand.parts().stream()).toList();
    }
  }
}
