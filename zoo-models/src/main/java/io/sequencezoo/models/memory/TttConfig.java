package io.sequencezoo.models.memory;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.memory.AttentionalBias;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm.Kind;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork.Residual;
import io.sequencezoo.core.dynamics.memory.MemoryRule;
import io.sequencezoo.core.dynamics.memory.Retention;
import io.sequencezoo.models.matrix.GateActivation;
import java.util.List;

/** Describes {@link Ttt} layers: one by what learns in it. */
public interface TttConfig extends MemoryConfig {
  /** Whether outputs are multiplied by a GELU of the input. */
  boolean gate();

  /** What learns. */
  MemoryNetwork network();

  @Override
  default GateActivation outputGate() {
    return GateActivation.NONE;
  }

  @Override
  default boolean norm() {
    return false;
  }

  @Override
  default MemoryRule rule() {
    return new MemoryRule(
        network().withBias().withResidual(Residual.INPUT),
        new AttentionalBias.L2(),
        new Retention.None(),
        InnerAlgorithm.of(Kind.MINI_BATCH),
        chunk());
  }

  /** By the position in a mini-batch. */
  @Override
  default boolean rotary() {
    return true;
  }

  /**
   * A matrix and a bias per head.
   *
   * @param heads H; 4
   * @param chunk C, tokens of a mini-batch; 16
   * @param step the step of the inner optimiser, divided by K; 1
   * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for
   *     no convolution; 0
   * @param gate whether outputs are multiplied by a GELU of the input; true
   */
  @JsonTypeName(Linear.NAME)
  @JsonClassDescription("TTT-Linear: a linear map that learns keys and values in mini-batches")
  record Linear(int heads, int chunk, double step, int shortConvolution, boolean gate)
      implements TttConfig {
    static final String NAME = "ttt_linear";

    /** Checks each field alone; {@link #build} checks them with the width. */
    public Linear {
      MemoryConfig.check(NAME, heads, chunk, step, shortConvolution);
    }

    /** The paper's mini-batches and step. */
    public static Linear standard() {
      return new Linear(4, 16, 1, 0, true);
    }

    /** Small forms that together reach every switch; the laws run over them. */
    public static List<Linear> examples() {
      return List.of(new Linear(1, 4, 1, 0, true), new Linear(1, 3, 0.5, 2, false));
    }

    @Override
    public MemoryNetwork network() {
      return MemoryNetwork.linear();
    }

    @Override
    public SequenceMixer build(Place place) {
      return new SequenceMixer(new Ttt(MemoryConfig.sizes(NAME, this, place), this));
    }
  }

  /**
   * Two layers and their biases per head.
   *
   * @param heads H; 4
   * @param expansion hidden numbers over those of a head; 4
   * @param chunk C, tokens of a mini-batch; 16
   * @param step the step of the inner optimiser, divided by K; 0.1
   * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for
   *     no convolution; 0
   * @param gate whether outputs are multiplied by a GELU of the input; true
   */
  @JsonTypeName(TwoLayers.NAME)
  @JsonClassDescription("TTT-MLP: a two-layer MLP that learns keys and values in mini-batches")
  record TwoLayers(
      int heads, int expansion, int chunk, double step, int shortConvolution, boolean gate)
      implements TttConfig {
    static final String NAME = "ttt_mlp";

    /** Checks each field alone; {@link #build} checks them with the width. */
    public TwoLayers {
      MemoryConfig.check(NAME, heads, chunk, step, shortConvolution);
      MemoryConfig.checkNetwork(NAME, 2, expansion);
    }

    /** The paper's mini-batches and step. */
    public static TwoLayers standard() {
      return new TwoLayers(4, 4, 16, 0.1, 0, true);
    }

    /** Small forms that together reach every switch; the laws run over them. */
    public static List<TwoLayers> examples() {
      return List.of(new TwoLayers(1, 2, 4, 0.1, 0, true));
    }

    @Override
    public MemoryNetwork network() {
      return MemoryNetwork.mlp(2, expansion);
    }

    @Override
    public SequenceMixer build(Place place) {
      return new SequenceMixer(new Ttt(MemoryConfig.sizes(NAME, this, place), this));
    }
  }
}
