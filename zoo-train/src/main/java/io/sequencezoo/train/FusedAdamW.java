package io.sequencezoo.train;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.kernel.AdamWStep;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.train.FlatVectors.Piece;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** AdamW in one parallel pass over values, gradients and both moments. */
final class FusedAdamW implements Optimizer {
  private final OptimizerConfig.AdamW config;
  private final Parameters parameters;
  private final INDArray m;
  private final INDArray v;
  private final List<Piece> pieces;
  private long steps;

  FusedAdamW(OptimizerConfig.AdamW config, Parameters parameters) {
    this.config = config;
    this.parameters = parameters;
    this.m = FlatVectors.zeros(parameters.type(), parameters.count());
    this.v = FlatVectors.zeros(parameters.type(), parameters.count());
    this.pieces = FlatVectors.pieces(parameters);
  }

  @Override
  public void step(double gradientScale, double learningRate) {
    steps++;
    step(Precision.of(parameters.type()), gradientScale, learningRate);
  }

  private <A> void step(Precision<A> precision, double gradientScale, double learningRate) {
    Slab<A> values = precision.slab(parameters.values());
    Slab<A> gradients = precision.slab(FlatVectors.gradients(parameters));
    Slab<A> first = precision.slab(m);
    Slab<A> second = precision.slab(v);
    double correction1 = 1 - Math.pow(config.beta1(), (double) steps);
    double correction2 = 1 - Math.pow(config.beta2(), (double) steps);
    Parallel.run(
        pieces.size(),
        task -> {
          Piece piece = pieces.get(task);
          AdamWStep step =
              new AdamWStep(
                  gradientScale,
                  learningRate,
                  config.beta1(),
                  config.beta2(),
                  config.eps(),
                  piece.decayed() ? config.weightDecay() : 0,
                  correction1,
                  correction2);
          try (Scratch<A> scratch = precision.scratch()) {
            A tw = scratch.take(FlatVectors.TILE);
            A tg = scratch.take(FlatVectors.TILE);
            A tm = scratch.take(FlatVectors.TILE);
            A tv = scratch.take(FlatVectors.TILE);
            for (long at = piece.from(); at < piece.to(); at += FlatVectors.TILE) {
              int n = (int) Math.min(FlatVectors.TILE, piece.to() - at);
              values.load(at, tw, 0, n);
              gradients.load(at, tg, 0, n);
              first.load(at, tm, 0, n);
              second.load(at, tv, 0, n);
              precision.kernels().adamW(step, tw, tg, tm, tv, n);
              values.store(at, tw, 0, n);
              first.store(at, tm, 0, n);
              second.store(at, tv, 0, n);
            }
          }
        });
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
  }
}
