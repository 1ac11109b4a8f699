package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Dense;
import org.jspecify.annotations.Nullable;

/**
 * The projection behind a gate: {@code x W + b}, or {@code (x W_1) W_2 + b} of low rank.
 *
 * @param name of the parameter W; {@code NAME_low}, {@code NAME_high} of low rank, {@code
 *     NAME_bias} of b
 * @param in features of x
 * @param rank R, or 0 for a full matrix
 * @param out features of the result
 * @param biased whether {@link #declare} declares b, from zero; one that the owner declares is
 *     added all the same
 */
public record Projection(String name, int in, int rank, int out, boolean biased) {
  /** A full matrix without bias. */
  public Projection(String name, int in, int out) {
    this(name, in, 0, out, false);
  }

  /** Declares the parameters, both factors with one start. */
  public void declare(Declaration declaration, Initialiser initialiser) {
    declare(declaration, initialiser, initialiser);
  }

  /** With a start of its own for the second factor. */
  void declare(Declaration declaration, Initialiser low, Initialiser high) {
    if (rank == 0) {
      declaration.weight(name, high, in, out);
    } else {
      declaration.weight(name + "_low", low, in, rank);
      declaration.weight(name + "_high", high, rank, out);
    }
    if (biased) {
      declaration.undecayed(name + "_bias", Initialisers.zeros(), out);
    }
  }

  Variable apply(Stretch stretch) {
    return apply(stretch.context(), stretch.x());
  }

  /** The projection of x. */
  public Variable apply(Context context, Variable x) {
    return apply(context, x, null);
  }

  /** With an activation between the factors, or null. */
  Variable apply(Context context, Variable x, @Nullable Unary between) {
    Tape tape = context.tape();
    String bias = name + "_bias";
    Variable b = context.hasParameter(bias) ? context.parameter(bias) : null;
    if (rank == 0) {
      return Dense.linear(tape, x, context.parameter(name), b);
    }
    Variable low = Dense.linear(tape, x, context.parameter(name + "_low"), null);
    Variable active = between == null ? low : Activations.apply(tape, between, low);
    return Dense.linear(tape, active, context.parameter(name + "_high"), b);
  }

  /** Multiply-adds per token. */
  public long multiplyAddsPerToken() {
    return rank == 0 ? (long) in * out : rank * ((long) in + out);
  }
}
