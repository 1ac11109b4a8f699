package io.sequencezoo.models.channel;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;

/**
 * An MLP of quadratic maps in ReLinear's start, in which it is an MLP of linear maps.
 *
 * <pre>{@code
 * y = Q_2(f(Q_1(x)))    Q(x) = (x R + b_r) ⊙ (x G + b_g) + x² B + c
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}, {@code y}: {@code [B, T, D]}
 *   <li>{@code up}, {@code down}: the maps from D to F and back, each with {@code r}, {@code g},
 *       {@code b}, each of these a {@code weight} and a {@code bias}
 *   <li>R: normal of variance 2/in; G, B, c and b_r zero and b_g one at first
 * </ul>
 *
 * <p>Differs from the paper: its convolutions are linear maps, and a learning rate of its own for g
 * and b is a matter of the optimiser.
 *
 * @param width D
 * @param hidden F
 * @param activation f
 */
@Paper(
    key = "fan2021quadratic",
    title = "On Expressivity and Trainability of Quadratic Networks",
    authors = "Fan et al. 2021",
    arxiv = "2110.06081")
@Source(
    repo = "FengleiFan/ReLinear",
    path = "TrainQuadraticNetworksViaReLinear/qresnet.py",
    commit = "0a0acc64911027c6dd6534bf824bfc5d6b512ec7")
public record QuadraticMlp(int width, int hidden, Activation activation) implements FeedForward {
  @Override
  public void declare(Declaration declaration) {
    declare(declaration.child("up"), width, hidden);
    declare(declaration.child("down"), hidden, width);
  }

  private static void declare(Declaration declaration, int in, int out) {
    Declaration linear = declaration.child("r");
    linear.weight("weight", Initialisers.normal(Math.sqrt(2.0 / in)), in, out);
    linear.undecayed("bias", Initialisers.zeros(), out);
    Declaration factor = declaration.child("g");
    factor.weight("weight", Initialisers.zeros(), in, out);
    factor.undecayed("bias", Initialisers.ones(), out);
    Declaration squares = declaration.child("b");
    squares.weight("weight", Initialisers.zeros(), in, out);
    squares.undecayed("bias", Initialisers.zeros(), out);
  }

  @Override
  public Variable apply(Context context, Variable x) {
    Variable hiddenUnits = map(context.child("up"), x);
    Variable active = Activations.apply(context.tape(), activation.function(), hiddenUnits);
    return map(context.child("down"), active);
  }

  private static Variable map(Context context, Variable x) {
    Tape tape = context.tape();
    return LearnedActivation.quadratic(
        tape,
        Mlp.linear(context.child("r"), x),
        Mlp.linear(context.child("g"), x),
        Mlp.linear(context.child("b"), Primitives.map(tape, Unary.SQUARE, x)));
  }
}
