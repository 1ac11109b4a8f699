package io.sequencezoo.train;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.train.FlatVectors.Piece;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Adam with Nesterov momentum, with the warm-up of momentum that the paper and PyTorch have:
 *
 * <pre>{@code
 * mu_t = beta1 (1 - 0.96^(0.004 t) / 2)
 * w   -= lr ((1 - mu_t) g / (1 - Π_{i≤t} mu_i) + mu_{t+1} m / (1 - Π_{i≤t+1} mu_i))
 *        / (√(v / (1 - beta2^t)) + eps)
 * }</pre>
 *
 * <p>Ours because ND4J's leaves v as it is: its first step is 1/√(1 - beta2), 32 times, too long
 * from the second moment alone.
 */
final class FusedNadam implements Optimizer {
  private final OptimizerConfig.Nadam config;
  private final Parameters parameters;
  private final INDArray m;
  private final INDArray v;
  private final List<Piece> pieces;
  private long steps;
  private double product = 1;

  FusedNadam(OptimizerConfig.Nadam config, Parameters parameters) {
    this.config = config;
    this.parameters = parameters;
    this.m = FlatVectors.zeros(parameters.type(), parameters.count());
    this.v = FlatVectors.zeros(parameters.type(), parameters.count());
    this.pieces = FlatVectors.pieces(parameters);
  }

  private double momentum(long t) {
    return config.beta1() * (1 - 0.5 * Math.pow(0.96, 0.004 * t));
  }

  @Override
  public void step(double gradientScale, double learningRate) {
    steps++;
    product *= momentum(steps);
    double ofGradient = (1 - momentum(steps)) / (1 - product);
    double next = momentum(steps + 1);
    double ofMoment = next / (1 - product * next);
    if (gradientScale != 1) {
      parameters.gradients().muli(gradientScale);
    }
    step(Precision.of(parameters.type()), learningRate, ofGradient, ofMoment);
  }

  private <A> void step(Precision<A> precision, double rate, double ofGradient, double ofMoment) {
    Slab<A> values = precision.slab(parameters.values());
    Slab<A> gradients = precision.slab(parameters.gradients());
    Slab<A> first = precision.slab(m);
    Slab<A> second = precision.slab(v);
    double correction = 1 - Math.pow(config.beta2(), (double) steps);
    Parallel.run(
        pieces.size(),
        task -> {
          Piece piece = pieces.get(task);
          double kept = piece.decayed() ? 1 - rate * config.weightDecay() : 1;
          double[] w = new double[FlatVectors.TILE];
          double[] g = new double[FlatVectors.TILE];
          double[] tm = new double[FlatVectors.TILE];
          double[] tv = new double[FlatVectors.TILE];
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(FlatVectors.TILE);
            Kernels<A> kernels = precision.kernels();
            for (long at = piece.from(); at < piece.to(); at += FlatVectors.TILE) {
              int n = (int) Math.min(FlatVectors.TILE, piece.to() - at);
              load(kernels, values, at, tile, w, n);
              load(kernels, gradients, at, tile, g, n);
              load(kernels, first, at, tile, tm, n);
              load(kernels, second, at, tile, tv, n);
              for (int i = 0; i < n; i++) {
                tm[i] = config.beta1() * tm[i] + (1 - config.beta1()) * g[i];
                tv[i] = config.beta2() * tv[i] + (1 - config.beta2()) * g[i] * g[i];
                double root = Math.sqrt(tv[i] / correction) + config.eps();
                w[i] = kept * w[i] - rate * (ofGradient * g[i] + ofMoment * tm[i]) / root;
              }
              store(kernels, values, at, tile, w, n);
              store(kernels, first, at, tile, tm, n);
              store(kernels, second, at, tile, tv, n);
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
    Map<String, INDArray> state = new LinkedHashMap<>();
    state.put("m", m);
    state.put("v", v);
    return state;
  }

  @Override
  public void restore(long steps) {
    this.steps = steps;
    product = 1;
    for (long t = 1; t <= steps; t++) {
      product *= momentum(t);
    }
  }
}
