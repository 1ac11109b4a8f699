package io.sequencezoo.models.nonlinear;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.Dense;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Two mixers of one kind with weights of their own, one of which reads each row from its last valid
 * token to its first.
 *
 * <pre>{@code
 * f = forward(x)          g = reverse(backward(reverse(x)))
 * y = [f, g] W,  or f + g,  or (f + g)/2
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>state: the forward mixer's; the backward one starts anew in every call
 *   <li>{@code output [2D, D]}: only where the two are concatenated
 * </ul>
 *
 * <p>Cost per token: twice the mixer's. The whole row must be there, so that states can't be handed
 * over from piece to piece.
 */
@Paper(
    key = "schuster1997bidirectional",
    title = "Bidirectional Recurrent Neural Networks",
    authors = "Schuster and Paliwal 1997, IEEE Transactions on Signal Processing 45(11)")
@Source(
    repo = "pytorch/pytorch",
    path = "torch/nn/modules/rnn.py",
    commit = "e6f551aa3e44ae79694352a686f9cf503768ead6")
public final class Bidirectional extends AbstractParametrisation {
  private static final String FORWARD = "forward";
  private static final String BACKWARD = "backward";
  private static final String OUTPUT = "output";

  private final Parametrisation forward;
  private final SequenceMixer backward;
  private final BidirectionalConfig.Merge merge;

  /** Two mixers of one width. */
  public Bidirectional(
      SequenceMixer forward, SequenceMixer backward, BidirectionalConfig.Merge merge) {
    super(
        BidirectionalConfig.NAME,
        forward.parametrisation().width(),
        forward.parametrisation().recurrence());
    this.forward = forward.parametrisation();
    this.backward = backward;
    this.merge = merge;
  }

  @Override
  public boolean isBidirectional() {
    return true;
  }

  @Override
  public void declare(Declaration declaration) {
    forward.declare(declaration.child(FORWARD));
    backward.declare(declaration.child(BACKWARD));
    if (merge == BidirectionalConfig.Merge.CONCATENATE) {
      declaration.weight(OUTPUT, Initialisers.xavierUniform(1), 2L * width, width);
    }
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return forward.initialState(context.child(FORWARD), batch, type);
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Drive drive = forward.drive(context.child(FORWARD), x, state);
    Variable reversed = Reversal.reverse(context.tape(), x, context.lengths());
    Context backwards =
        context
            .child(BACKWARD)
            .withTokens(() -> Reversal.reverse(context.tokens(), context.lengths()));
    Variable y = backward.within(backwards, reversed, null).outputs();
    Map<String, Variable> extras = new HashMap<>(drive.extras());
    extras.put(BACKWARD, Reversal.reverse(context.tape(), y, context.lengths()));
    return new Drive(drive.coefficients(), extras, drive.ownState());
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Variable f = forward.readOut(context.child(FORWARD), outputs, drive);
    Variable g = drive.extra(BACKWARD);
    return switch (merge) {
      case CONCATENATE ->
          Dense.linear(
              context.tape(),
              Primitives.concat(context.tape(), 2, f, g),
              context.parameter(OUTPUT),
              null);
      case SUM -> Primitives.add(context.tape(), f, g);
      case MEAN -> Primitives.affine(context.tape(), 0.5, Primitives.add(context.tape(), f, g), 0);
    };
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return forward.stateBytes(consumed, type);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long mixers =
        forward.multiplyAddsPerToken(position)
            + backward.parametrisation().multiplyAddsPerToken(position);
    return mixers + (merge == BidirectionalConfig.Merge.CONCATENATE ? 2L * width * width : 0);
  }
}
