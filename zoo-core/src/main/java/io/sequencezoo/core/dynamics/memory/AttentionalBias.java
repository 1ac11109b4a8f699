package io.sequencezoo.core.dynamics.memory;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a memory minimises when it sees a key and its value: a loss of what it recalls, {@code z =
 * M(k)}, given by its slope {@code ∂ℓ/∂z}. With {@code e = z - v}:
 *
 * <pre>{@code
 * dot product   ℓ = -z·v                        -v
 * l2            ℓ = |e|²/2                      e
 * lp            ℓ = Σ |e|^p                     p sign(e) |e|^{p-1}
 * Huber         ℓ = |e|²/2 or δ |e|₁            e where |e| ≤ δ_t, δ_t sign(e) elsewhere
 * KL            ℓ = KL(softmax(v) | softmax(z)) softmax(z) - softmax(v)
 * robust        ℓ = (|e| + δ)²/2                e (1 + δ_t / |e|)
 * }</pre>
 *
 * <p>Numerical care: {@code sign(x) = tanh(10 x)} and {@code |x| = √(x² + 1e-6)} where slopes would
 * jump, so that gradients pass through the inner gradient. The branch of Huber's loss is not
 * differentiated. Source: Behrouz et al., Miras, arXiv 2504.13173, eqs. 9 to 16.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(AttentionalBias.DotProduct.class),
  @JsonSubTypes.Type(AttentionalBias.L2.class),
  @JsonSubTypes.Type(AttentionalBias.Lp.class),
  @JsonSubTypes.Type(AttentionalBias.Huber.class),
  @JsonSubTypes.Type(AttentionalBias.Divergence.class),
  @JsonSubTypes.Type(AttentionalBias.Robust.class)
})
public sealed interface AttentionalBias {
  /** The slope of the smooth sign at 0. */
  double SIGN_SLOPE = 10;

  /** Under the root of the smooth modulus. */
  double MODULUS_EPS = 1e-6;

  /**
   * {@code ∂ℓ/∂z}.
   *
   * @param recalled z, {@code [..., V]}
   * @param value v, the same shape
   * @param threshold δ, {@code [..., 1]}; null unless {@link #hasThreshold}
   */
  Variable slope(Tape tape, Variable recalled, Variable value, Variable threshold);

  /** Whether there is a δ, given for every token. */
  default boolean hasThreshold() {
    return false;
  }

  private static Variable smoothSign(Tape tape, Variable e) {
    return Primitives.map(tape, Unary.TANH, Primitives.affine(tape, SIGN_SLOPE, e, 0));
  }

  private static Variable norm(Tape tape, Variable e, double eps) {
    Variable square = Primitives.sum(tape, Primitives.map(tape, Unary.SQUARE, e), -1, true);
    return Primitives.map(tape, Unary.SQRT, Primitives.affine(tape, 1, square, eps));
  }

  /** Similarity: the Hebbian rule of linear attention. */
  @JsonTypeName("dot_product")
  record DotProduct() implements AttentionalBias {
    @Override
    public Variable slope(Tape tape, Variable recalled, Variable value, Variable threshold) {
      return Primitives.map(tape, Unary.NEGATE, value);
    }
  }

  /** Half the squared error: the delta rule. */
  @JsonTypeName("l2")
  record L2() implements AttentionalBias {
    @Override
    public Variable slope(Tape tape, Variable recalled, Variable value, Variable threshold) {
      return Primitives.subtract(tape, recalled, value);
    }
  }

  /**
   * The p-th power of the p-norm of the error; p = 1 is least absolute deviations.
   *
   * @param p at least 1
   */
  @JsonTypeName("lp")
  record Lp(double p) implements AttentionalBias {
    /** Moneta's. */
    static Lp standard() {
      return new Lp(3);
    }

    /** Checks the exponent. */
    public Lp {
      checkArgument(
          p >= 1 && Double.isFinite(p),
          "lp: exponent p must be at least 1, got %s; use 1 for absolute errors, 2 for squares",
          p);
    }

    @Override
    public Variable slope(Tape tape, Variable recalled, Variable value, Variable threshold) {
      Variable e = Primitives.subtract(tape, recalled, value);
      Variable sign = Primitives.affine(tape, p, smoothSign(tape, e), 0);
      if (p == 1) {
        return sign;
      }
      Variable square = Primitives.map(tape, Unary.SQUARE, e);
      Variable modulus =
          Primitives.power(tape, Primitives.affine(tape, 1, square, MODULUS_EPS), (p - 1) / 2);
      return Primitives.multiply(tape, sign, modulus);
    }
  }

  /** Squares for errors no longer than the token's threshold, absolute deviations beyond. */
  @JsonTypeName("huber")
  record Huber() implements AttentionalBias {
    @Override
    public Variable slope(Tape tape, Variable recalled, Variable value, Variable threshold) {
      Variable e = Primitives.subtract(tape, recalled, value);
      Variable steep = Primitives.multiply(tape, threshold, smoothSign(tape, e));
      return Primitives.where(tape, isQuadratic(tape, e, threshold), e, steep);
    }

    /** Not zero where the error is shorter than the threshold. */
    private static INDArray isQuadratic(Tape tape, Variable e, Variable threshold) {
      Variable length = norm(tape, Primitives.stopGradient(tape, e), 0);
      Variable room = Primitives.subtract(tape, Primitives.stopGradient(tape, threshold), length);
      return Primitives.map(tape, Unary.RELU, room).operand();
    }

    @Override
    public boolean hasThreshold() {
      return true;
    }
  }

  /** The divergence of what is recalled from the value, both as logits. */
  @JsonTypeName("kl")
  record Divergence() implements AttentionalBias {
    @Override
    public Variable slope(Tape tape, Variable recalled, Variable value, Variable threshold) {
      return Primitives.subtract(
          tape, Primitives.softmax(tape, recalled), Primitives.softmax(tape, value));
    }
  }

  /** The squared error to the worst value within δ of the one given. */
  @JsonTypeName("robust")
  record Robust() implements AttentionalBias {
    @Override
    public Variable slope(Tape tape, Variable recalled, Variable value, Variable threshold) {
      Variable e = Primitives.subtract(tape, recalled, value);
      Variable ratio = Primitives.divide(tape, threshold, norm(tape, e, MODULUS_EPS));
      return Primitives.multiply(tape, e, Primitives.affine(tape, 1, ratio, 1));
    }

    @Override
    public boolean hasThreshold() {
      return true;
    }
  }
}
