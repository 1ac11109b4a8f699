package io.sequencezoo.models.memory;

import static com.google.common.base.Preconditions.checkArgument;

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

/**
 * Describes an {@link OptimiserMemory} by its four choices; a grid over any of them is an ablation.
 *
 * @param heads H; 4
 * @param network the memory; linear
 * @param bias the attentional bias, what it minimises; l2
 * @param retention how it holds on to what it knows; l2
 * @param algorithm how it steps; descent
 * @param chunk C, tokens whose gradients are taken at the same weights; 16
 * @param step the largest step of a chunk, shared out to its tokens; 1
 * @param rotary whether queries and keys turn by their position; false
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 4
 * @param outputGate what multiplies the outputs after the norm: silu, sigmoid or none; silu
 * @param norm whether outputs are normalised per head by their root mean square; true
 */
@JsonTypeName(OptimiserMemoryConfig.NAME)
@JsonClassDescription("Optimiser memory: a network that learns keys and values as it reads")
public record OptimiserMemoryConfig(
    int heads,
    MemoryNetwork network,
    AttentionalBias bias,
    Retention retention,
    InnerAlgorithm algorithm,
    int chunk,
    double step,
    boolean rotary,
    int shortConvolution,
    GateActivation outputGate,
    boolean norm)
    implements MemoryConfig {
  static final String NAME = "optimiser_memory";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public OptimiserMemoryConfig {
    MemoryConfig.check(NAME, heads, chunk, step, shortConvolution);
    checkArgument(
        network != null && bias != null && retention != null && algorithm != null,
        NAME + ": network, bias, retention and algorithm must be given or left out, got none");
  }

  /** A matrix that follows the gated delta rule. */
  public static OptimiserMemoryConfig standard() {
    return of(
        MemoryNetwork.linear(),
        new AttentionalBias.L2(),
        new Retention.Decay(),
        InnerAlgorithm.of(Kind.DESCENT));
  }

  /** These four choices in the standard layer. */
  public static OptimiserMemoryConfig of(
      MemoryNetwork network, AttentionalBias bias, Retention retention, InnerAlgorithm algorithm) {
    return new OptimiserMemoryConfig(
        4, network, bias, retention, algorithm, 16, 1, false, 4, GateActivation.SILU, true);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<OptimiserMemoryConfig> examples() {
    AttentionalBias l2 = new AttentionalBias.L2();
    return List.of(
        new OptimiserMemoryConfig(
            1,
            MemoryNetwork.linear(),
            l2,
            new Retention.Decay(),
            InnerAlgorithm.of(Kind.DESCENT),
            4,
            1,
            false,
            4,
            GateActivation.SILU,
            true),
        new OptimiserMemoryConfig(
            1,
            MemoryNetwork.mlp(2, 2).withBias().withResidual(Residual.INPUT),
            new AttentionalBias.Robust(),
            new Retention.LocalGlobal(),
            InnerAlgorithm.of(Kind.DESCENT),
            4,
            0.5,
            false,
            0,
            GateActivation.NONE,
            false),
        new OptimiserMemoryConfig(
            1,
            MemoryNetwork.vector(),
            new AttentionalBias.Divergence(),
            new Retention.ElasticNet(),
            new InnerAlgorithm(Kind.MOMENTUM, 3),
            4,
            1,
            false,
            0,
            GateActivation.SIGMOID,
            true),
        new OptimiserMemoryConfig(
            1,
            MemoryNetwork.linear().withBias().withResidual(Residual.RECALL),
            l2,
            new Retention.None(),
            InnerAlgorithm.of(Kind.MINI_BATCH),
            3,
            1,
            true,
            2,
            GateActivation.NONE,
            true));
  }

  @Override
  public MemoryRule rule() {
    return new MemoryRule(network, bias, retention, algorithm, chunk);
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new OptimiserMemory(MemoryConfig.sizes(NAME, this, place), this));
  }
}
