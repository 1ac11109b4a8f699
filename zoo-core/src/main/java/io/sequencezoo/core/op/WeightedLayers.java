package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Attention over depth: at every position the sum of what several layers made of it, by a softmax
 * of products with a learned query.
 *
 * <pre>{@code
 * r_i = 1 / √(mean(v_i²) + eps)        s_i = r_i (w · v_i)        a = softmax(s)
 * y   = Σ_i a_i v_i
 * }</pre>
 *
 * <p>Backwards, with {@code c_i = gy · v_i} and {@code e_i = a_i (c_i - Σ_j a_j c_j)}:
 *
 * <pre>{@code
 * gv_i = a_i gy + e_i r_i (w - (s_i r_i / D) v_i)        gw = Σ_i e_i r_i v_i
 * }</pre>
 *
 * <p>The weights are calculated again backward instead of kept.
 */
public final class WeightedLayers {
  private WeightedLayers() {}

  /**
   * The weighted sum.
   *
   * @param layers {@code v_i [..., D]}, at least one, of one shape
   * @param query {@code w [D]}
   */
  public static Variable apply(Tape tape, List<Variable> layers, Variable query, double eps) {
    checkArgument(!layers.isEmpty(), "weighted layers: must be at least one, got none");
    Variable first = layers.get(0);
    int width = Tiles.columns("weighted layers", first);
    for (Variable layer : layers) {
      checkArgument(
          Arrays.equals(layer.shape(), first.shape()),
          "weighted layers: all must have shape %s, got %s",
          Arrays.toString(first.shape()),
          Arrays.toString(layer.shape()));
    }
    checkArgument(
        query.rank() == 1 && query.size(0) == width,
        "weighted layers: query must have shape [%s], got %s",
        width,
        Arrays.toString(query.shape()));
    Tiles.checkSameType("weighted layers", query, layers.toArray(new Variable[0]));
    return new Sum<>(Precision.of(first.value()), List.copyOf(layers), query, eps, width)
        .record(tape);
  }

  private record Sum<A>(
      Precision<A> precision, List<Variable> layers, Variable query, double eps, int width) {
    Variable record(Tape tape) {
      Variable first = layers.get(0);
      INDArray y = tape.allocate(first.type(), first.shape());
      Slab<A> to = precision.slab(y);
      Parallel.ranges(
          Tiles.rows(first, width),
          Tiles.taskRows(width * layers.size()),
          (from, end) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              Position position = new Position(scratch);
              A sum = scratch.take(width);
              for (long i = from; i < end; i++) {
                position.load(i * width);
                precision.kernels().fill(sum, 0, width, 0);
                for (int l = 0; l < layers.size(); l++) {
                  precision
                      .kernels()
                      .axpy(position.weights[l], position.values, l * width, sum, 0, width);
                }
                to.store(i * width, sum, 0, width);
              }
            }
          });
      List<Variable> inputs = new ArrayList<>(layers);
      inputs.add(query);
      return tape.record(y, this::pullback, inputs.toArray(new Variable[0]));
    }

    private void pullback(Cotangents cotangents) {
      Kernels<A> kernels = precision.kernels();
      int n = layers.size();
      List<Tiles.Target<A>> targets = new ArrayList<>();
      for (int l = 0; l < n; l++) {
        targets.add(Tiles.target(precision, cotangents, l));
      }
      Slab<A> gy = precision.slab(cotangents.output());
      Partials.run(
          precision,
          Tiles.rows(layers.get(0), width),
          Tiles.taskRows(width * n),
          width,
          Tiles.target(precision, cotangents, n),
          null,
          (from, end, gQuery, unused) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              Position position = new Position(scratch);
              A gradient = scratch.take(width);
              A own = scratch.take(width);
              A spare = scratch.take(width);
              for (long i = from; i < end; i++) {
                position.load(i * width);
                gy.load(i * width, gradient, 0, width);
                double[] toScore = position.toScores(gradient);
                for (int l = 0; l < n; l++) {
                  double rate = toScore[l] * position.rates[l];
                  kernels.axpy(rate, position.values, l * width, gQuery, 0, width);
                  if (targets.get(l) != null) {
                    double turn = rate * position.scores[l] * position.rates[l] / width;
                    kernels.affine(position.weights[l], gradient, 0, 0, own, 0, width);
                    kernels.axpy(rate, position.query, 0, own, 0, width);
                    kernels.axpy(-turn, position.values, l * width, own, 0, width);
                    targets.get(l).put(kernels, i * width, own, 0, spare, width);
                  }
                }
              }
            }
          });
    }

    /** What all layers made of one position, and what it weighs. */
    private final class Position {
      private final Kernels<A> kernels = precision.kernels();
      private final int n = layers.size();
      private final List<Slab<A>> slabs =
          layers.stream().map(layer -> precision.slab(layer.value())).toList();
      private final A query;
      private final A values;
      private final double[] rates = new double[n];
      private final double[] scores = new double[n];
      private final double[] weights = new double[n];

      Position(Scratch<A> scratch) {
        this.query = scratch.take(width);
        this.values = scratch.take(n * width);
        precision.slab(Sum.this.query.value()).load(0, query, 0, width);
      }

      void load(long at) {
        double most = Double.NEGATIVE_INFINITY;
        for (int l = 0; l < n; l++) {
          int own = l * width;
          slabs.get(l).load(at, values, own, width);
          double square = kernels.dot(values, own, values, own, width);
          rates[l] = 1 / Math.sqrt(square / width + eps);
          scores[l] = rates[l] * kernels.dot(query, 0, values, own, width);
          most = Math.max(most, scores[l]);
        }
        double sum = 0;
        for (int l = 0; l < n; l++) {
          weights[l] = Math.exp(scores[l] - most);
          sum += weights[l];
        }
        for (int l = 0; l < n; l++) {
          weights[l] /= sum;
        }
      }

      double[] toScores(A gradient) {
        double[] products = new double[n];
        double mean = 0;
        for (int l = 0; l < n; l++) {
          products[l] = kernels.dot(gradient, 0, values, l * width, width);
          mean += weights[l] * products[l];
        }
        for (int l = 0; l < n; l++) {
          products[l] = weights[l] * (products[l] - mean);
        }
        return products;
      }
    }
  }
}
