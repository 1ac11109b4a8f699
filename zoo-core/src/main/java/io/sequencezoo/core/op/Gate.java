package io.sequencezoo.core.op;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Unary;
import java.util.List;

/**
 * A few element-wise functions of several inputs, evaluated together in one pass over memory: how
 * gates become decays and inputs, the two coefficients of a recurrence. {@link Gates} runs it, tile
 * by tile, or the scan itself that the coefficients are for; nothing is kept for backward but the
 * inputs.
 */
public interface Gate {
  /** The number of arrays to calculate in. */
  int spares();

  /** Whether the first output is the logarithm of the decay. */
  default boolean isLog() {
    return false;
  }

  /** Writes both outputs, and leaves in the spares what {@link #backward} goes on from. */
  <A> void forward(Tile<A> tile, List<A> outputs);

  /**
   * Writes the gradient of every input and adds to that of every vector. Comes after {@link
   * #forward} of the same tile.
   *
   * @param cotangents of the outputs; may be destroyed
   */
  <A> void backward(Tile<A> tile, List<A> cotangents, List<A> gradients, List<A> vectorGradients);

  /**
   * Some rows of the inputs. All arrays but the vectors hold {@code rows} rows of n numbers from
   * their first element; vectors hold n and are the same for every row. All is scratch memory:
   * backward may destroy inputs.
   *
   * @param kernels of the precision
   * @param inputs of the gate
   * @param vectors of the gate
   * @param spares to calculate in
   * @param first the number of the first row among those of the whole arrays
   * @param rows their number
   * @param n numbers of a row
   */
  record Tile<A>(
      Kernels<A> kernels,
      List<A> inputs,
      List<A> vectors,
      List<A> spares,
      long first,
      int rows,
      int n) {
    /** Input i. */
    public A input(int i) {
      return inputs.get(i);
    }

    /** Vector i. */
    public A vector(int i) {
      return vectors.get(i);
    }

    /** Spare i. */
    public A spare(int i) {
      return spares.get(i);
    }

    /** {@code y = f(x)}. */
    public void map(Unary f, A x, A y) {
      kernels.map(f, x, 0, y, 0, rows * n);
    }

    /** {@code y = σ(-x)}. */
    public void sigmoidOfMinus(A x, A y) {
      affine(-1, x, 0, y);
      map(Unary.SIGMOID, y, y);
    }

    /** {@code gx = gy f'(x)}, with {@code y = f(x)}. */
    public void mapPullback(Unary f, A x, A y, A gy, A gx) {
      kernels.mapPullback(f, x, 0, y, 0, gy, 0, gx, 0, rows * n);
    }

    /** {@code y = scale x + shift}. */
    public void affine(double scale, A x, double shift, A y) {
      kernels.affine(scale, x, 0, shift, y, 0, rows * n);
    }

    /** {@code y = x}. */
    public void copy(A x, A y) {
      kernels.copy(x, 0, y, 0, rows * n);
    }

    /** {@code z = x + y}. */
    public void add(A x, A y, A z) {
      kernels.add(x, 0, y, 0, z, 0, rows * n);
    }

    /** {@code z = x - y}. */
    public void subtract(A x, A y, A z) {
      kernels.subtract(x, 0, y, 0, z, 0, rows * n);
    }

    /** {@code z = x y}. */
    public void multiply(A x, A y, A z) {
      kernels.multiply(x, 0, y, 0, z, 0, rows * n);
    }

    /** {@code z = x / y}. */
    public void divide(A x, A y, A z) {
      kernels.divide(x, 0, y, 0, z, 0, rows * n);
    }

    /** {@code x = x + v}, row by row. */
    public void addRows(A x, A v) {
      for (int at = 0; at < rows * n; at += n) {
        kernels.add(x, at, v, 0, x, at, n);
      }
    }

    /** {@code x = x v}, row by row. */
    public void multiplyRows(A x, A v) {
      for (int at = 0; at < rows * n; at += n) {
        kernels.multiply(x, at, v, 0, x, at, n);
      }
    }

    /**
     * {@code v = v - Σ x y} over the rows.
     *
     * @param row room for one
     */
    public void subtractProducts(A x, A y, A row, A v) {
      for (int at = 0; at < rows * n; at += n) {
        kernels.affine(-1, x, at, 0, row, 0, n);
        kernels.multiplyAdd(row, 0, y, at, v, 0, n);
      }
    }
  }
}
