package io.sequencezoo.models.vector;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.vector.ElementwiseRecurrence;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.core.op.RunningSoftmax;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Pooling: the mean of all tokens so far, by weights that a score of each token sets, or equal
 * ones. After the last token it is what a classifier makes of a sequence.
 *
 * <pre>{@code
 * e_t = (x_t / √(mean(x_t²) + 1e-6)) · query       0 without attention
 * z_t = log(e^{z_{t-1}} + e^{e_t})                 z_0 = -∞
 * h_t = e^{z_{t-1} - z_t} h_{t-1} + e^{e_t - z_t} x_t
 * y_t = h_t = Σ_{s≤t} softmax(e_1 ... e_t)_s x_s
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code h}: {@code [B, D]}, {@code z}: {@code [B, 1]} state, constant in T
 *   <li>{@code query}: {@code [D]}, from zero, so that it starts as the plain mean
 * </ul>
 *
 * <p>Cost per token: O(D) time and memory. Differs from the paper: scores are linear in the
 * normalised token, without a tanh and a bias, and means are those of every prefix, so that a
 * sequence is read once, token by token or whole. Numerical care: the state is the mean itself and
 * the logarithm of the sum of weights, so that no score overflows.
 */
@Paper(
    key = "raffel2015feedforward",
    title = "Feed-Forward Networks with Attention Can Solve Some Long-Term Memory Problems",
    authors = "Raffel and Ellis 2015",
    arxiv = "1512.08756")
@Source(
    repo = "state-spaces/s4",
    path = "src/tasks/decoders.py",
    commit = "a0c724aae456468a271d5e5fc7415185c83cde71")
public final class Pooling extends AbstractParametrisation {
  private static final double EPS = 1e-6;
  private static final String QUERY = "query";
  private static final String NORMALISER = "z";

  private final boolean attention;

  /** A pooling of vectors of width D. */
  Pooling(int width, boolean attention) {
    super(PoolingConfig.NAME, width, new ElementwiseRecurrence());
    this.attention = attention;
  }

  @Override
  public void declare(Declaration declaration) {
    if (attention) {
      declaration.undecayed(QUERY, Initialisers.zeros(), width);
    }
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    INDArray nothing = Nd4j.valueArrayOf(new long[] {batch, 1}, Double.NEGATIVE_INFINITY, type);
    return Map.of(
        NORMALISER,
        context.tape().constant(nothing),
        ElementwiseRecurrence.STATE,
        context.tape().constant(context.tape().zeros(type, batch, width)));
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Variable[] softmax =
        RunningSoftmax.apply(tape, scores(context, x), state.get(NORMALISER), context.lengths());
    return new Drive(
        Map.of(
            ElementwiseRecurrence.LOG_DECAY,
            Primitives.expand(tape, softmax[0], x.shape()),
            ElementwiseRecurrence.INPUT,
            Primitives.multiply(tape, x, softmax[1])),
        Map.of(),
        Map.of(NORMALISER, softmax[2]));
  }

  /** {@code [B, T, 1]}. */
  private Variable scores(Context context, Variable x) {
    Tape tape = context.tape();
    if (!attention) {
      return tape.constant(tape.zeros(x.type(), x.size(0), x.size(1), 1));
    }
    Variable weighted = Norms.rmsNorm(tape, x, context.parameter(QUERY), null, EPS, width);
    return Primitives.sum(tape, weighted, 2, true);
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    return outputs;
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return (width + 1L) * type.width();
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    // Scores; then weights, and what remains of the mean.
    return (attention ? 2L * width : 0) + 2L * width;
  }
}
