package io.sequencezoo.core.dynamics.attention;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.shape.Shapes;
import java.util.Map;

/**
 * The sizes of latent attention.
 *
 * @param batch B
 * @param steps T
 * @param heads H
 * @param rank R, features of a latent
 * @param ropeDim features of a head's query and of the shared key that carry positions
 * @param contentDim features of a head's query and key that don't
 * @param valueDim V
 */
record LatentShape(
    int batch, int steps, int heads, int rank, int ropeDim, int contentDim, int valueDim) {

  /** Checks the coefficients against one another. */
  static LatentShape of(String subject, Map<String, Variable> coefficients) {
    Variable q = AttentionShape.part(subject, coefficients, LatentAttentionRecurrence.QUERY);
    Variable latent = AttentionShape.part(subject, coefficients, LatentAttentionRecurrence.LATENT);
    Variable rope = AttentionShape.part(subject, coefficients, LatentAttentionRecurrence.ROPE_KEY);
    Variable keyUp = AttentionShape.part(subject, coefficients, LatentAttentionRecurrence.KEY_UP);
    Variable valueUp =
        AttentionShape.part(subject, coefficients, LatentAttentionRecurrence.VALUE_UP);
    Shapes.check(subject + " q", q.operand(), "BTHK", -1, -1, -1, -1);
    long batch = q.size(0);
    long steps = q.size(1);
    int heads = q.size(2);
    Shapes.check(subject + " latent", latent.operand(), "BT1R", batch, steps, 1, -1);
    Shapes.check(subject + " ropeKey", rope.operand(), "BT1P", batch, steps, 1, -1);
    int content = q.size(3) - rope.size(3);
    checkArgument(
        content >= 1,
        "%s: queries of %s features must have more than the %s of ropeKey",
        subject,
        q.size(3),
        rope.size(3));
    int rank = latent.size(3);
    Shapes.check(subject + " keyUp", keyUp.operand(), "RC", rank, (long) heads * content);
    Shapes.check(subject + " valueUp", valueUp.operand(), "RV", rank, -1);
    checkArgument(
        valueUp.size(1) % heads == 0,
        "%s: valueUp columns %s must be a multiple of heads %s",
        subject,
        valueUp.size(1),
        heads);
    return new LatentShape(
        q.size(0), q.size(1), heads, rank, rope.size(3), content, valueUp.size(1) / heads);
  }

  /** K, features of a query or key. */
  int keyDim() {
    return ropeDim + contentDim;
  }

  /** The sizes when keys and values are written out for every head. */
  AttentionShape expanded() {
    return new AttentionShape(batch, steps, heads, heads, keyDim(), valueDim);
  }
}
