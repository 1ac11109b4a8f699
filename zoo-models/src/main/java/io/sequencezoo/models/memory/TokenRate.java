package io.sequencezoo.models.memory;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.dynamics.memory.AttentionalBias;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm;
import io.sequencezoo.core.dynamics.memory.MemoryRule;
import io.sequencezoo.core.dynamics.memory.OptimiserMemoryRecurrence;
import io.sequencezoo.core.dynamics.memory.Retention;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.models.matrix.Projection;
import java.util.ArrayList;
import java.util.List;

/**
 * A number per head that each token sets for the memory: {@code scale f(x W + b)}.
 *
 * @param projection W, under the coefficient's name
 * @param activation f
 * @param scale of the result
 * @param start of b, the same for all heads
 */
record TokenRate(Projection projection, Unary activation, double scale, double start) {
  /** A retained share of .982. */
  private static final double RETAIN = 4;

  /** A pull or threshold of softplus(-2) = .127. */
  private static final double LITTLE = -2;

  /** What an elastic net shrinks by, in shares of a typical weight. */
  private static final double SHRINKAGE = 0.01;

  /** Errors count squared up to softplus(1) = 1.3 times the length of a normalised value. */
  private static final double SQUARED = 1;

  /**
   * All numbers that a rule asks for.
   *
   * @param values V, of a head
   */
  static List<TokenRate> of(MemoryRule rule, int width, int heads, int values, double step) {
    List<TokenRate> rates = new ArrayList<>();
    Builder builder = new Builder(rates, width, heads);
    builder.add(OptimiserMemoryRecurrence.STEP, Unary.SIGMOID, step, 0);
    Retention retention = rule.retention();
    if (retention.decays()) {
      builder.add(OptimiserMemoryRecurrence.RETAINED, Unary.SIGMOID, 1, RETAIN);
    }
    if (retention instanceof Retention.LocalGlobal) {
      builder.add(OptimiserMemoryRecurrence.PULL, Unary.SOFTPLUS, 1, LITTLE);
    }
    if (retention instanceof Retention.ElasticNet) {
      builder.add(OptimiserMemoryRecurrence.SHRINKAGE, Unary.SOFTPLUS, SHRINKAGE, LITTLE);
    }
    InnerAlgorithm algorithm = rule.algorithm();
    if (algorithm.hasMomentum()) {
      builder.add(OptimiserMemoryRecurrence.MOMENTUM, Unary.SIGMOID, 1, 0);
    }
    if (algorithm.window() > 1) {
      builder.add(OptimiserMemoryRecurrence.WINDOW, Unary.SIGMOID, 1, 0);
    }
    if (rule.bias() instanceof AttentionalBias.Huber) {
      builder.add(OptimiserMemoryRecurrence.THRESHOLD, Unary.SOFTPLUS, Math.sqrt(values), SQUARED);
    } else if (rule.bias().hasThreshold()) {
      builder.add(OptimiserMemoryRecurrence.THRESHOLD, Unary.SOFTPLUS, 1, LITTLE);
    }
    return rates;
  }

  private record Builder(List<TokenRate> rates, int width, int heads) {
    void add(String name, Unary activation, double scale, double start) {
      rates.add(new TokenRate(new Projection(name, width, heads), activation, scale, start));
    }
  }

  /** The name of b. */
  String bias() {
    return projection.name() + "_bias";
  }

  void declare(Declaration declaration, Initialiser initialiser) {
    projection.declare(declaration, initialiser);
    declaration.undecayed(bias(), Initialisers.constant(start), projection.out());
  }

  /** {@code [B, T, H]}. */
  Variable apply(Context context, Variable x) {
    return of(context.tape(), projection.apply(context, x));
  }

  /** From what the projection gives. */
  Variable of(Tape tape, Variable logits) {
    Variable active = Activations.apply(tape, activation, logits);
    return scale == 1 ? active : Primitives.affine(tape, scale, active, 0);
  }
}
