package io.sequencezoo.train;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.train.FlatVectors.Piece;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.AdaBeliefUpdater;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.AdaBelief;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/** One of ND4J's updaters over the whole flat vector, as if it were one layer. */
final class FlatUpdater implements Optimizer {
  private final Parameters parameters;
  private final IUpdater config;
  private final double weightDecay;
  private final List<Piece> pieces;
  private final INDArray state;
  private final INDArray update;
  private final Rate rate = new Rate();
  private GradientUpdater<?> updater;
  private long steps;

  FlatUpdater(IUpdater config, double weightDecay, Parameters parameters) {
    this.parameters = parameters;
    this.config = config;
    this.weightDecay = weightDecay;
    this.pieces = FlatVectors.pieces(parameters);
    if (config.hasLearningRate()) {
      config.setLrAndSchedule(Double.NaN, rate);
    }
    long length = parameters.gradients().length();
    long remembered = config.stateSize(length);
    this.state = remembered == 0 ? null : FlatVectors.zeros(parameters.type(), remembered);
    this.update = parameters.gradients().reshape(1, length);
    this.updater = instantiate(true);
  }

  private GradientUpdater<?> instantiate(boolean initialise) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      INDArray view = state == null ? null : state.reshape(1, state.length());
      if (config instanceof AdaBelief belief) {
        // AdaBelief.instantiate of ND4J 1.0.0-M2.1 flattens the view and then asks for its columns.
        AdaBeliefUpdater direct = new AdaBeliefUpdater(belief);
        direct.setStateViewArray(view, update.shape(), 'c', initialise);
        return direct;
      }
      return config.instantiate(view, initialise);
    }
  }

  @Override
  public void step(double gradientScale, double learningRate) {
    rate.value = learningRate;
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      if (gradientScale != 1) {
        update.muli(gradientScale);
      }
      updater.applyUpdater(update, Math.toIntExact(steps), 0);
      if (!config.hasLearningRate()) {
        update.muli(learningRate);
      }
      if (weightDecay != 0) {
        FlatVectors.decay(parameters.values(), pieces, 1 - learningRate * weightDecay);
      }
      parameters.values().subi(parameters.gradients());
    }
    steps++;
  }

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public Map<String, INDArray> state() {
    return state == null ? Map.of() : Map.of("state", state);
  }

  @Override
  public void restore(long steps) {
    this.steps = steps;
    this.updater = instantiate(false);
  }

  /** Hands ND4J the rate of the step at hand, which our schedule has set. */
  private static final class Rate implements ISchedule {
    private double value;

    @Override
    public double valueAt(int iteration, int epoch) {
      return value;
    }

    @Override
    public ISchedule clone() {
      return this;
    }
  }
}
