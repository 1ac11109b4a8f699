package io.sequencezoo.models.residual;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;

/**
 * How the branch of a {@link Residual} joins its stream; {@code x}, {@code b}: {@code [B, T, D]}.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(ResidualGate.Additive.class),
  @JsonSubTypes.Type(ResidualGate.Rate.class),
  @JsonSubTypes.Type(ResidualGate.InputDependent.class),
  @JsonSubTypes.Type(ResidualGate.Coupled.class)
})
public sealed interface ResidualGate {
  /** Declares what it learns for a stream of width D. */
  void declare(Declaration declaration, int width);

  /** The stream with the branch in it. */
  Variable join(Context context, Variable x, Variable branch);

  /** {@code y = x + b}: residual networks (He et al. 2016, arXiv 1512.03385, section 3.2). */
  @JsonTypeName("additive")
  record Additive() implements ResidualGate {
    @Override
    public void declare(Declaration declaration, int width) {}

    @Override
    public Variable join(Context context, Variable x, Variable branch) {
      return Primitives.add(context.tape(), x, branch);
    }
  }

  /**
   * {@code y = x + α ⊙ b} with a learned rate α, {@code rate [1]} or {@code [D]}: ReZero
   * (Bachlechner et al. 2020, arXiv 2003.04887, equation 1), whose rate is one number that starts
   * at 0, and LayerScale (Touvron et al. 2021, arXiv 2103.17239, section 2), whose are one per
   * channel and start small.
   *
   * @param perChannel whether every channel has a rate of its own, false where absent
   * @param start the first rate, 0 where absent
   */
  @JsonTypeName("rate")
  record Rate(boolean perChannel, double start) implements ResidualGate {
    /** Checks the start. */
    public Rate {
      checkArgument(
          Double.isFinite(start), "residual: start of a rate must be finite, got %s", start);
    }

    /** ReZero's. */
    public static Rate standard() {
      return new Rate(false, 0);
    }

    @Override
    public void declare(Declaration declaration, int width) {
      declaration.undecayed("rate", Initialisers.constant(start), perChannel ? width : 1);
    }

    @Override
    public Variable join(Context context, Variable x, Variable branch) {
      Variable scaled = Primitives.multiply(context.tape(), branch, context.parameter("rate"));
      return Primitives.add(context.tape(), x, scaled);
    }
  }

  /** Gates that are read from the stream: {@code weight [D, D]}, {@code bias [D]}. */
  sealed interface Scored extends ResidualGate {
    /** The first c. */
    double bias();

    @Override
    default void declare(Declaration declaration, int width) {
      Scores.declare(declaration, width, bias());
    }
  }

  /**
   * {@code y = x + σ(x W + c) ⊙ b}: the output gate of GTrXL (Parisotto et al. 2020, arXiv
   * 1910.06764, section 3.2). {@code weight [D, D]}, {@code bias [D]}.
   *
   * @param bias the first c, -2 where absent: the branch starts small
   */
  @JsonTypeName("input_dependent")
  record InputDependent(double bias) implements Scored {
    /** Checks the bias. */
    public InputDependent {
      Scores.check(bias);
    }

    /** A gate that starts at σ(-2) = 0.12. */
    public static InputDependent standard() {
      return new InputDependent(-2);
    }

    @Override
    public Variable join(Context context, Variable x, Variable branch) {
      return Primitives.add(context.tape(), x, Scores.gated(context, x, branch));
    }
  }

  /**
   * {@code y = (1 - g) ⊙ x + g ⊙ b, g = σ(x W + c)}: highway networks (Srivastava et al. 2015,
   * arXiv 1505.00387, section 2). {@code weight [D, D]}, {@code bias [D]}.
   *
   * @param bias the first c, -2 where absent: the stream starts as it is
   */
  @JsonTypeName("coupled")
  record Coupled(double bias) implements Scored {
    /** Checks the bias. */
    public Coupled {
      Scores.check(bias);
    }

    /** A gate that starts at σ(-2) = 0.12. */
    public static Coupled standard() {
      return new Coupled(-2);
    }

    @Override
    public Variable join(Context context, Variable x, Variable branch) {
      // x + g (b - x): one product in place of two.
      Variable change = Primitives.subtract(context.tape(), branch, x);
      return Primitives.add(context.tape(), x, Scores.gated(context, x, change));
    }
  }
}
