package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Dropout;
import io.sequencezoo.core.op.Embedding;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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
      x = Primitives.add(tape, x, Embedding.lookup(tape, positions, positions(ids, rows)));
    }
    Variable kept =
        context.isTraining()
            ? Dropout.apply(tape, x, dropout, context.seed("embedding dropout"))
            : x;
    return context.pass(EMBEDDING, kept);
  }

  private INDArray positions(INDArray ids, Rows rows) {
    int[] positions = new int[(int) ids.length()];
    for (int b = 0; b < rows.count(); b++) {
      int consumed = rows.consumed()[b];
      int end = consumed + rows.lengths()[b];
      checkArgument(
          end <= maxPositions,
          "%s: row %s must fit maxPositions=%s, got %s tokens; raise maxPositions",
          rows.model(),
          b,
          maxPositions,
          end);
      // Padded positions keep 0, which is always valid.
      for (int t = 0; t < rows.lengths()[b]; t++) {
        positions[rows.starts()[b] + t] = consumed + t;
      }
    }
    return Nd4j.createFromArray(positions).reshape('c', ids.shape());
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
