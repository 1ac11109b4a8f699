package io.sequencezoo.models.channel;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import java.util.List;

/** Describes an MLP whose activation has parameters; the members differ in that alone. */
public sealed interface LearnedMlpConfig extends FeedForwardConfig {
  /** The Transformer's. */
  double EXPANSION = 4;

  /** GPT-2's. */
  double INIT_STD = 0.02;

  /** F / D; F is rounded. */
  double expansion();

  /** Whether linear maps have biases. */
  boolean bias();

  /** Standard deviation of first weights; the last map's is divided by √(2 layers). */
  double initStd();

  /** The sizes at a place. */
  private ChannelShape shape(MixerConfig.Place place) {
    return ChannelShape.of(Registry.typeName(getClass()), place, expansion(), bias(), initStd());
  }

  /** PolyReLU: {@code (w_0 r³ + w_1 r² + w_2 r + b) V} with {@code r = max(x U, 0)}. */
  @JsonTypeName(PolyRelu.NAME)
  @JsonClassDescription("PolyReLU: an MLP with a learned cubic of a ReLU")
  record PolyRelu(double expansion, boolean bias, double initStd) implements LearnedMlpConfig {
    static final String NAME = "polyrelu";

    /** Checks the ranges. */
    public PolyRelu {
      ChannelShape.check(NAME, expansion, initStd);
    }

    /** Expansion 4, no biases, standard deviation 0.02. */
    public static PolyRelu standard() {
      return new PolyRelu(EXPANSION, false, INIT_STD);
    }

    /** Small forms that together reach every switch; the laws run over them. */
    public static List<PolyRelu> examples() {
      return List.of(standard(), new PolyRelu(1.5, true, 0.1));
    }

    @Override
    public FeedForward build(MixerConfig.Place place) {
      return new PolyMlp(((LearnedMlpConfig) this).shape(place), false);
    }
  }

  /** PolyNorm: the same of powers of {@code x U} that are normalised each. */
  @JsonTypeName(PolyNorm.NAME)
  @JsonClassDescription("PolyNorm: an MLP with a learned cubic of normalised powers")
  record PolyNorm(double expansion, boolean bias, double initStd) implements LearnedMlpConfig {
    static final String NAME = "polynorm";

    /** Checks the ranges. */
    public PolyNorm {
      ChannelShape.check(NAME, expansion, initStd);
    }

    /** Expansion 4, no biases, standard deviation 0.02. */
    public static PolyNorm standard() {
      return new PolyNorm(EXPANSION, false, INIT_STD);
    }

    /** Small forms that together reach every switch; the laws run over them. */
    public static List<PolyNorm> examples() {
      return List.of(standard(), new PolyNorm(1.5, true, 0.1));
    }

    @Override
    public FeedForward build(MixerConfig.Place place) {
      return new PolyMlp(((LearnedMlpConfig) this).shape(place), true);
    }
  }

  /** CRReLU: {@code max(x, 0) + ε x e^{-x²/2}} with a learned ε. */
  @JsonTypeName(CrRelu.NAME)
  @JsonClassDescription("CRReLU: an MLP with a ReLU and a learned correction around zero")
  record CrRelu(double expansion, boolean bias, double initStd) implements LearnedMlpConfig {
    static final String NAME = "crrelu";

    /** Checks the ranges. */
    public CrRelu {
      ChannelShape.check(NAME, expansion, initStd);
    }

    /** Expansion 4, biases, standard deviation 0.02. */
    public static CrRelu standard() {
      return new CrRelu(EXPANSION, true, INIT_STD);
    }

    /** Small forms that together reach every switch; the laws run over them. */
    public static List<CrRelu> examples() {
      return List.of(standard(), new CrRelu(1.5, false, 0.1));
    }

    @Override
    public FeedForward build(MixerConfig.Place place) {
      return new CrReluMlp(((LearnedMlpConfig) this).shape(place));
    }
  }

  /** SIAF: {@code Σ_i f(a_i ⊙ x + b_i)}, a series of activations, each feature with its own. */
  @JsonTypeName(Siaf.NAME)
  @JsonClassDescription("SIAF: an MLP with a series of activations, shifted and scaled per feature")
  record Siaf(int terms, Activation activation, double expansion, boolean bias, double initStd)
      implements LearnedMlpConfig {
    static final String NAME = "siaf";

    /** Checks the ranges. */
    public Siaf {
      checkArgument(terms >= 1, "%s: terms must be at least 1, got %s", NAME, terms);
      ChannelShape.check(NAME, expansion, initStd);
    }

    /** Two terms of GELU, expansion 4, biases, standard deviation 0.02. */
    public static Siaf standard() {
      return new Siaf(2, Activation.GELU, EXPANSION, true, INIT_STD);
    }

    /** Small forms that together reach every switch; the laws run over them. */
    public static List<Siaf> examples() {
      return List.of(standard(), new Siaf(3, Activation.SILU, 1.5, false, 0.1));
    }

    @Override
    public FeedForward build(MixerConfig.Place place) {
      return new SiafMlp(((LearnedMlpConfig) this).shape(place), terms, activation);
    }
  }
}
