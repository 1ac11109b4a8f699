package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Dropout;
import io.sequencezoo.core.op.Embedding;
import io.sequencezoo.core.op.Positions;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Embeddings of tokens and, where there are any, of positions.
 *
 * <pre>{@code x = E[ids] (+ P[position])}</pre>
 *
 * <ul>
 *   <li>{@code ids}: {@code [B, T]} integers
 *   <li>{@code embedding.weight}: {@code [V, D]}; {@code positions.weight}: {@code [P, D]} or none
 * </ul>
 *
 * @param vocabulary V
 * @param width D
 * @param maxPositions P, or 0 for no embeddings of positions
 * @param dropout rate at which embeddings are dropped in training
 * @param initialiser of both tables
 */
public record TokenInput(
    int vocabulary, int width, int maxPositions, double dropout, Initialiser initialiser)
    implements Input {
  private static final String EMBEDDING = "embedding";
  private static final String POSITIONS = "positions";
  private static final String WEIGHT = "weight";

  @Override
  public void declare(Declaration declaration) {
    declaration.child(EMBEDDING).weight(WEIGHT, initialiser, vocabulary, width);
    if (maxPositions > 0) {
      declaration.child(POSITIONS).weight(WEIGHT, initialiser, maxPositions, width);
    }
  }

  @Override
  public long[] shape(long rows, long steps) {
    return new long[] {rows, steps};
  }

  @Override
  public INDArray tokens(INDArray ids) {
    return ids;
  }

  @Override
  public Variable forward(Context context, INDArray ids, Rows rows) {
    Tape tape = context.tape();
    Variable x = Embedding.lookup(tape, table(context), ids);
    if (maxPositions > 0) {
      Variable positions = context.child(POSITIONS).parameter(WEIGHT);
      x = Primitives.add(tape, x, Embedding.lookup(tape, positions, positions(tape, ids, rows)));
    }
    Variable kept =
        context.isTraining()
            ? Dropout.apply(tape, x, dropout, context.seed("embedding dropout"))
            : x;
    return context.pass(EMBEDDING, kept);
  }

  private INDArray positions(Tape tape, INDArray ids, Rows rows) {
    int[] consumed = rows.counts();
    for (int b = 0; b < rows.count(); b++) {
      int end = consumed[b] + rows.lengths()[b];
      checkArgument(
          end <= maxPositions,
          "%s: row %s must fit maxPositions=%s, got %s tokens; raise maxPositions",
          rows.model(),
          b,
          maxPositions,
          end);
      Replay.limit(maxPositions - end);
    }
    // Padded positions keep 0, which is always valid.
    return Positions.indices(tape, ids.shape(), rows.starts(), rows.lengths(), consumed);
  }

  /** Logits by the table of embeddings itself, {@code y = x Eᵀ}. */
  Head tiedHead() {
    return new TiedHead();
  }

  private static Variable table(Context context) {
    return context.child(EMBEDDING).parameter(WEIGHT);
  }

  private static final class TiedHead implements Head {
    @Override
    public void declare(Declaration declaration) {
      // The table is the input's.
    }

    @Override
    public Variable forward(Context context, Variable stream) {
      return Dense.linearTransposed(context.tape(), stream, table(context), null);
    }
  }
}
