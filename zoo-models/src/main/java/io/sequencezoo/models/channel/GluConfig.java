package io.sequencezoo.models.channel;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
  @Nullable Unary gate();

  @Override
  default FeedForward build(MixerConfig.Place place) {
    String type = Registry.typeName(getClass());
    return new Glu(ChannelShape.of(type, place, expansion(), bias(), initStd()), gate());
  }

  /** SwiGLU: {@code silu(x G) (x U)}. */
  @JsonTypeName(Swiglu.NAME)
  @JsonClassDescription("SwiGLU: a linear map gated by the SiLU of another")
  record Swiglu(double expansion, boolean bias, double initStd) implements GluConfig {
    static final String NAME = "swiglu";

    /** Checks the ranges. */
    public Swiglu {
      ChannelShape.check(NAME, expansion, initStd);
    }

    /** Expansion 2.67, no biases, standard deviation 0.02. */
    public static Swiglu standard() {
      return new Swiglu(EXPANSION, false, INIT_STD);
    }

    /** Small forms that together reach every switch; the laws run over them. */
    public static List<Swiglu> examples() {
      return List.of(standard(), new Swiglu(1.5, true, 0.1));
    }

    @Override
    public Unary gate() {
      return Unary.SILU;
    }
  }

  /** GEGLU: {@code gelu(x G) (x U)}. */
  @JsonTypeName(Geglu.NAME)
  @JsonClassDescription("GEGLU: a linear map gated by the GELU of another")
  record Geglu(double expansion, boolean bias, double initStd) implements GluConfig {
    static final String NAME = "geglu";

    /** Checks the ranges. */
    public Geglu {
      ChannelShape.check(NAME, expansion, initStd);
    }

    /** Expansion 2.67, no biases, standard deviation 0.02. */
    public static Geglu standard() {
      return new Geglu(EXPANSION, false, INIT_STD);
    }

    /** Small forms that together reach every switch; the laws run over them. */
    public static List<Geglu> examples() {
      return List.of(standard());
    }

    @Override
    public Unary gate() {
      return Unary.GELU;
    }
  }

  /** ReGLU: {@code max(x G, 0) (x U)}. */
  @JsonTypeName(Reglu.NAME)
  @JsonClassDescription("ReGLU: a linear map gated by the ReLU of another")
  record Reglu(double expansion, boolean bias, double initStd) implements GluConfig {
    static final String NAME = "reglu";

    /** Checks the ranges. */
    public Reglu {
      ChannelShape.check(NAME, expansion, initStd);
    }

    /** Expansion 2.67, no biases, standard deviation 0.02. */
    public static Reglu standard() {
      return new Reglu(EXPANSION, false, INIT_STD);
    }

    /** Small forms that together reach every switch; the laws run over them. */
    public static List<Reglu> examples() {
      return List.of(standard());
    }

    @Override
    public Unary gate() {
      return Unary.RELU;
    }
  }

  /** GLU: {@code σ(x G) (x U)} (Dauphin et al. 2017, arXiv 1612.08083). */
  @JsonTypeName(Sigmoid.NAME)
  @JsonClassDescription("GLU: a linear map gated by the sigmoid of another")
  record Sigmoid(double expansion, boolean bias, double initStd) implements GluConfig {
    static final String NAME = "glu";

    /** Checks the ranges. */
    public Sigmoid {
      ChannelShape.check(NAME, expansion, initStd);
    }

    /** Expansion 2.67, no biases, standard deviation 0.02. */
    public static Sigmoid standard() {
      return new Sigmoid(EXPANSION, false, INIT_STD);
    }

    /** Small forms that together reach every switch; the laws run over them. */
    public static List<Sigmoid> examples() {
      return List.of(standard());
    }

    @Override
    public Unary gate() {
      return Unary.SIGMOID;
    }
  }

  /** The bilinear unit: {@code (x G) (x U)}. */
  @JsonTypeName(Bilinear.NAME)
  @JsonClassDescription("Bilinear GLU: the product of two linear maps")
  record Bilinear(double expansion, boolean bias, double initStd) implements GluConfig {
    static final String NAME = "bilinear_glu";

    /** Checks the ranges. */
    public Bilinear {
      ChannelShape.check(NAME, expansion, initStd);
    }

    /** Expansion 2.67, no biases, standard deviation 0.02. */
    public static Bilinear standard() {
      return new Bilinear(EXPANSION, false, INIT_STD);
    }

    /** Small forms that together reach every switch; the laws run over them. */
    public static List<Bilinear> examples() {
      return List.of(standard());
    }

    @Override
    public @Nullable Unary gate() {
      return null;
    }
  }

  /** SwiGLU with the defaults. */
  static GluConfig standard() {
    return Swiglu.standard();
  }
}
