package io.sequencezoo.train;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.train.FlatVectors.Piece;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A {@link Rule} in one parallel pass over values, gradients and what it remembers, in double
 * whatever the parameters are in.
 */
final class RuleOptimizer implements Optimizer {
  private final Rule rule;
  private final double weightDecay;
  private final Parameters parameters;
  private final Map<String, INDArray> memory = new LinkedHashMap<>();
  private final List<Piece> pieces;
  private long steps;

  RuleOptimizer(Rule rule, double weightDecay, Parameters parameters) {
    this.rule = rule;
    this.weightDecay = weightDecay;
    this.parameters = parameters;
    this.pieces = FlatVectors.pieces(parameters);
    for (String name : rule.memory()) {
      memory.put(name, FlatVectors.zeros(parameters.type(), parameters.count()));
    }
  }

  @Override
  public void step(double gradientScale, double learningRate) {
    steps++;
    step(Precision.of(parameters.type()), gradientScale, learningRate);
  }

  private <A> void step(Precision<A> precision, double gradientScale, double rate) {
    Rule.Update update = rule.updates().at(steps);
    List<Slab<A>> remembered = new ArrayList<>();
    memory.values().forEach(vector -> remembered.add(precision.slab(vector)));
    Slab<A> values = precision.slab(parameters.values());
    Slab<A> gradients = precision.slab(FlatVectors.gradients(parameters));
    Kernels<A> kernels = precision.kernels();
    Parallel.run(
        pieces.size(),
        task -> {
          Piece piece = pieces.get(task);
          double kept = piece.decayed() ? 1 - rate * weightDecay : 1;
          double[] w = new double[FlatVectors.TILE];
          double[] g = new double[FlatVectors.TILE];
          double[][] tiles = new double[remembered.size()][FlatVectors.TILE];
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(FlatVectors.TILE);
            for (long at = piece.from(); at < piece.to(); at += FlatVectors.TILE) {
              int n = (int) Math.min(FlatVectors.TILE, piece.to() - at);
              load(kernels, values, at, tile, w, n);
              load(kernels, gradients, at, tile, g, n);
              for (int k = 0; k < tiles.length; k++) {
                load(kernels, remembered.get(k), at, tile, tiles[k], n);
              }
              for (int i = 0; i < n; i++) {
                w[i] = kept * w[i] - rate * update.of(gradientScale * g[i], tiles, i);
              }
              store(kernels, values, at, tile, w, n);
              for (int k = 0; k < tiles.length; k++) {
                store(kernels, remembered.get(k), at, tile, tiles[k], n);
              }
            }
          }
        });
  }

  private static <A> void load(
      Kernels<A> kernels, Slab<A> from, long at, A tile, double[] into, int n) {
    from.load(at, tile, 0, n);
    kernels.widen(tile, 0, into, 0, n);
  }

  private static <A> void store(
      Kernels<A> kernels, Slab<A> to, long at, A tile, double[] from, int n) {
    kernels.round(from, 0, tile, 0, n);
    to.store(at, tile, 0, n);
  }

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public Map<String, INDArray> state() {
    return Collections.unmodifiableMap(memory);
  }

  @Override
  public void restore(long steps) {
    this.steps = steps;
  }
}
