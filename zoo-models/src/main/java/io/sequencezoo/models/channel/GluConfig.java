package io.sequencezoo.models.channel;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;

/** Describes a {@link Glu}; the members differ in the activation of the gate alone. */
public sealed interface GluConfig extends FeedForwardConfig {
  /** As many parameters as an MLP of expansion 4 (Shazeer 2020, section 3.1). */
  double EXPANSION = 2.67;

  /** GPT-2's. */
  double INIT_STD = 0.02;

  /** F / D; F is rounded. */
  double expansion();

  /** Whether linear maps have biases. */
  boolean bias();

  /** Standard deviation of first weights; the last map's is divided by √(2 layers). */
  double initStd();

  /** The activation of the gate, null for none. */
  Unary gate();

  @Override
  default FeedForward build(MixerConfig.Place place) {
    String type = Registry.typeName(getClass());
    return new Glu(ChannelShape.of(type, place, expansion(), bias(), initStd()), gate());
  }

  /** SwiGLU: {@code silu(x G) (x U)}. */
  @JsonTypeName("swiglu")
  record Swiglu(double expansion, boolean bias, double initStd) implements GluConfig {
    /** Checks the ranges. */
    public Swiglu {
      ChannelShape.check("swiglu", expansion, initStd);
    }

    /** Expansion 2.67, no biases, standard deviation 0.02. */
    public static Swiglu standard() {
      return new Swiglu(EXPANSION, false, INIT_STD);
    }

    @Override
    public Unary gate() {
      return Unary.SILU;
    }
  }

  /** GEGLU: {@code gelu(x G) (x U)}. */
  @JsonTypeName("geglu")
  record Geglu(double expansion, boolean bias, double initStd) implements GluConfig {
    /** Checks the ranges. */
    public Geglu {
      ChannelShape.check("geglu", expansion, initStd);
    }

    /** Expansion 2.67, no biases, standard deviation 0.02. */
    public static Geglu standard() {
      return new Geglu(EXPANSION, false, INIT_STD);
    }

    @Override
    public Unary gate() {
      return Unary.GELU;
    }
  }

  /** ReGLU: {@code max(x G, 0) (x U)}. */
  @JsonTypeName("reglu")
  record Reglu(double expansion, boolean bias, double initStd) implements GluConfig {
    /** Checks the ranges. */
    public Reglu {
      ChannelShape.check("reglu", expansion, initStd);
    }

    /** Expansion 2.67, no biases, standard deviation 0.02. */
    public static Reglu standard() {
      return new Reglu(EXPANSION, false, INIT_STD);
    }

    @Override
    public Unary gate() {
      return Unary.RELU;
    }
  }

  /** GLU: {@code σ(x G) (x U)} (Dauphin et al. 2017, arXiv 1612.08083). */
  @JsonTypeName("glu")
  record Sigmoid(double expansion, boolean bias, double initStd) implements GluConfig {
    /** Checks the ranges. */
    public Sigmoid {
      ChannelShape.check("glu", expansion, initStd);
    }

    /** Expansion 2.67, no biases, standard deviation 0.02. */
    public static Sigmoid standard() {
      return new Sigmoid(EXPANSION, false, INIT_STD);
    }

    @Override
    public Unary gate() {
      return Unary.SIGMOID;
    }
  }

  /** The bilinear unit: {@code (x G) (x U)}. */
  @JsonTypeName("bilinear_glu")
  record Bilinear(double expansion, boolean bias, double initStd) implements GluConfig {
    /** Checks the ranges. */
    public Bilinear {
      ChannelShape.check("bilinear_glu", expansion, initStd);
    }

    /** Expansion 2.67, no biases, standard deviation 0.02. */
    public static Bilinear standard() {
      return new Bilinear(EXPANSION, false, INIT_STD);
    }

    @Override
    public Unary gate() {
      return null;
    }
  }

  /** SwiGLU with the defaults. */
  static GluConfig standard() {
    return Swiglu.standard();
  }
}
