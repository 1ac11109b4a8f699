package io.sequencezoo.core.dynamics.memory;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Unary;
import java.util.Arrays;
import java.util.function.BiFunction;

/**
 * How a memory holds on to what it knows: what becomes of what its updates have summed up to, A,
 * between two tokens, and which weights W are read from it. With the optimiser's step {@code D_t}:
 *
 * <pre>{@code
 * none               A_t = A_{t-1} + D_t                W = A
 * l2                 A_t = α_t A_{t-1} + D_t            W = A
 * local, global l2   A_t = (A_{t-1} + D_t) / (1 + λ_t θ_t)    W = A
 * lq                 A_t = α_t A_{t-1} + D_t            W = A / |A|_q^{q-2}
 * entropy            A_t = α_t A_{t-1} + D_t            W = c softmax(A)
 * elastic net        A_t = shrink(α_t A_{t-1} + D_t, τ_t)     W = A
 * }</pre>
 *
 * <p>{@code |A|_q} runs over all entries of a head's matrix; the softmax over the inputs of each
 * output, or over all entries; {@code shrink(x, τ) = sign(x) max(|x| - τ, 0)}. Local and global l2
 * are the closed form of {@code <D, W> + |W - W_{t-1}|²/2θ + λ|W|²/2}. Source: Behrouz et al.,
 * Miras, arXiv 2504.13173, eqs. 17 to 27. Where α is one number per head, the entropy form is the
 * paper's {@code softmax(α log W_{t-1} + D)}, since a softmax sees no common constant.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(Retention.None.class),
  @JsonSubTypes.Type(Retention.Decay.class),
  @JsonSubTypes.Type(Retention.LocalGlobal.class),
  @JsonSubTypes.Type(Retention.Lq.class),
  @JsonSubTypes.Type(Retention.Entropy.class),
  @JsonSubTypes.Type(Retention.ElasticNet.class)
})
public sealed interface Retention {
  /** So that nothing learned yet divides by zero; entries of a millionth are far above it. */
  double NORM_EPS = 1e-24;

  /** The retained share α, given for every token. */
  default boolean decays() {
    return true;
  }

  /** Whether W is A, and A a linear function of the steps. */
  default boolean linear() {
    return true;
  }

  /**
   * W of A, along a chunk.
   *
   * @param sums {@code [..., I, O]}
   */
  default Variable weights(Tape tape, Variable sums) {
    return sums;
  }

  /** A as the state holds it, from A as a chunk has left it. */
  default Variable settled(Tape tape, Variable sums) {
    return sums;
  }

  /** W of A as the state holds it. */
  default Variable held(Tape tape, Variable settled) {
    return weights(tape, settled);
  }

  /** Nothing is forgotten but by overwriting. */
  @JsonTypeName("none")
  record None() implements Retention {
    @Override
    public boolean decays() {
      return false;
    }
  }

  /** The share α of what there is, whatever the step. */
  @JsonTypeName("l2")
  record Decay() implements Retention {}

  /** Near the last weights and near zero: λ takes the place of α. */
  @JsonTypeName("local_global_l2")
  record LocalGlobal() implements Retention {
    @Override
    public boolean decays() {
      return false;
    }
  }

  /**
   * Follow the regularised leader in the q-norm.
   *
   * @param q at least 2; 2 is l2
   */
  @JsonTypeName("lq")
  record Lq(double q) implements Retention {
    /** Moneta's. */
    static Lq standard() {
      return new Lq(4);
    }

    /** Checks the exponent. */
    public Lq {
      checkArgument(
          q >= 2 && Double.isFinite(q), "lq: exponent q must be at least 2, got %s; use 2 or 4", q);
    }

    @Override
    public boolean linear() {
      return q == 2;
    }

    @Override
    public Variable weights(Tape tape, Variable sums) {
      if (q == 2) {
        return sums;
      }
      Variable total =
          Primitives.sum(tape, Primitives.sum(tape, powers(tape, sums), -1, true), -2, true);
      return Primitives.multiply(tape, sums, factor(tape, total));
    }

    /** {@code |A|^q}, for q = 4 by products, which cost a tenth of powers. */
    private Variable powers(Tape tape, Variable sums) {
      return q == 4
          ? Primitives.map(tape, Unary.SQUARE, Primitives.map(tape, Unary.SQUARE, sums))
          : Primitives.power(tape, Primitives.abs(tape, sums), q);
    }

    /** {@code |A|_q^{2-q}} of {@code Σ|A|^q}. */
    Variable factor(Tape tape, Variable powers) {
      return Primitives.power(tape, Primitives.affine(tape, 1, powers, NORM_EPS), (2 - q) / q);
    }
  }

  /**
   * Weights on a simplex, near the last ones in relative entropy. The state holds {@code log W},
   * which is A up to the constant that a softmax doesn't see, and stays bounded.
   *
   * @param total c, what the weights of a simplex sum up to
   * @param wholeMatrix whether all entries of a matrix are one simplex, not the inputs of each
   *     output
   */
  @JsonTypeName("kl")
  record Entropy(double total, boolean wholeMatrix) implements Retention {
    /** The inputs of each output add up to one. */
    static Entropy standard() {
      return new Entropy(1, false);
    }

    /** Checks the total. */
    public Entropy {
      checkArgument(
          total > 0 && Double.isFinite(total), "entropy: total must be positive, got %s", total);
    }

    @Override
    public boolean linear() {
      return false;
    }

    @Override
    public Variable weights(Tape tape, Variable sums) {
      Variable shares = simplex(tape, sums, Primitives::softmax);
      return Primitives.affine(tape, total, shares, 0);
    }

    @Override
    public Variable settled(Tape tape, Variable sums) {
      Variable shares = simplex(tape, sums, Primitives::logSoftmax);
      return Primitives.affine(tape, 1, shares, Math.log(total));
    }

    @Override
    public Variable held(Tape tape, Variable settled) {
      return Primitives.map(tape, Unary.EXP, settled);
    }

    private Variable simplex(
        Tape tape, Variable sums, BiFunction<Tape, Variable, Variable> alongLast) {
      if (!wholeMatrix) {
        return transposed(tape, alongLast.apply(tape, transposed(tape, sums)));
      }
      long[] shape = sums.shape();
      long[] flat = Arrays.copyOf(shape, shape.length - 1);
      flat[flat.length - 1] = shape[shape.length - 2] * shape[shape.length - 1];
      Variable all = alongLast.apply(tape, Primitives.reshape(tape, sums, flat));
      return Primitives.reshape(tape, all, shape);
    }

    private static Variable transposed(Tape tape, Variable x) {
      int[] axes = new int[x.rank()];
      for (int i = 0; i < axes.length; i++) {
        axes[i] = i;
      }
      axes[axes.length - 1] = axes.length - 2;
      axes[axes.length - 2] = axes.length - 1;
      return Primitives.permute(tape, x, axes);
    }
  }

  /** l2 and l1: small entries become zero. τ is given for every token. */
  @JsonTypeName("elastic_net")
  record ElasticNet() implements Retention {
    @Override
    public boolean linear() {
      return false;
    }
  }
}
