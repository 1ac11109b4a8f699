package io.sequencezoo.models.channel;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;

/** Describes a {@link Glu}; the members differ in the activation of the gate alone. */
public sealed interface GluConfig extends FeedForwardConfig {
  /** F / D; F is rounded. */
  Double expansion();

  /** Whether linear maps have biases. */
  Boolean bias();

  /** Standard deviation of first weights; the last map's is divided by √(2 layers). */
  Double initStd();

  /** The activation of the gate, null for none. */
  Unary gate();

  @Override
  default FeedForward build(MixerConfig.Place place) {
    String type = Registry.typeName(getClass());
    return new Glu(ChannelShape.of(type, place, expansion(), bias(), initStd()), gate());
  }

  private static Double expansionOrDefault(Double expansion) {
    // As many parameters as an MLP of expansion 4 (Shazeer 2020, section 3.1).
    return expansion == null ? 2.67 : expansion;
  }

  private static Double initStdOrDefault(Double initStd) {
    return initStd == null ? 0.02 : initStd;
  }

  /** SwiGLU: {@code silu(x G) (x U)}. */
  @JsonTypeName("swiglu")
  record Swiglu(Double expansion, Boolean bias, Double initStd) implements GluConfig {
    /** Fills in what is absent: expansion 2.67, no biases, standard deviation 0.02. */
    public Swiglu {
      expansion = expansionOrDefault(expansion);
      bias = bias != null && bias;
      initStd = initStdOrDefault(initStd);
      ChannelShape.check("swiglu", expansion, initStd);
    }

    @Override
    public Unary gate() {
      return Unary.SILU;
    }
  }

  /** GEGLU: {@code gelu(x G) (x U)}. */
  @JsonTypeName("geglu")
  record Geglu(Double expansion, Boolean bias, Double initStd) implements GluConfig {
    /** Fills in what is absent: expansion 2.67, no biases, standard deviation 0.02. */
    public Geglu {
      expansion = expansionOrDefault(expansion);
      bias = bias != null && bias;
      initStd = initStdOrDefault(initStd);
      ChannelShape.check("geglu", expansion, initStd);
    }

    @Override
    public Unary gate() {
      return Unary.GELU;
    }
  }

  /** ReGLU: {@code max(x G, 0) (x U)}. */
  @JsonTypeName("reglu")
  record Reglu(Double expansion, Boolean bias, Double initStd) implements GluConfig {
    /** Fills in what is absent: expansion 2.67, no biases, standard deviation 0.02. */
    public Reglu {
      expansion = expansionOrDefault(expansion);
      bias = bias != null && bias;
      initStd = initStdOrDefault(initStd);
      ChannelShape.check("reglu", expansion, initStd);
    }

    @Override
    public Unary gate() {
      return Unary.RELU;
    }
  }

  /** GLU: {@code σ(x G) (x U)} (Dauphin et al. 2017, arXiv 1612.08083). */
  @JsonTypeName("glu")
  record Sigmoid(Double expansion, Boolean bias, Double initStd) implements GluConfig {
    /** Fills in what is absent: expansion 2.67, no biases, standard deviation 0.02. */
    public Sigmoid {
      expansion = expansionOrDefault(expansion);
      bias = bias != null && bias;
      initStd = initStdOrDefault(initStd);
      ChannelShape.check("glu", expansion, initStd);
    }

    @Override
    public Unary gate() {
      return Unary.SIGMOID;
    }
  }

  /** The bilinear unit: {@code (x G) (x U)}. */
  @JsonTypeName("bilinear_glu")
  record Bilinear(Double expansion, Boolean bias, Double initStd) implements GluConfig {
    /** Fills in what is absent: expansion 2.67, no biases, standard deviation 0.02. */
    public Bilinear {
      expansion = expansionOrDefault(expansion);
      bias = bias != null && bias;
      initStd = initStdOrDefault(initStd);
      ChannelShape.check("bilinear_glu", expansion, initStd);
    }

    @Override
    public Unary gate() {
      return null;
    }
  }

  /** SwiGLU with the defaults. */
  static GluConfig standard() {
    return new Swiglu(null, null, null);
  }
}
