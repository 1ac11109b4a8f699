package io.sequencezoo.core.dynamics.attention;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.shape.Shapes;
import java.util.Map;

/**
 * The sizes of {@code q [B, T, HQ, K]}, {@code k [B, T, H, K]} and {@code v [B, T, H, V]}.
 *
 * @param batch B
 * @param steps T
 * @param queryHeads HQ, a multiple of H
 * @param heads H, heads of keys and values
 * @param keyDim K
 * @param valueDim V
 */
record AttentionShape(int batch, int steps, int queryHeads, int heads, int keyDim, int valueDim) {

  /** Checks the coefficients against one another. */
  static AttentionShape of(String subject, Map<String, Variable> coefficients) {
    Variable q = part(subject, coefficients, "q");
    Variable k = part(subject, coefficients, "k");
    Variable v = part(subject, coefficients, "v");
    Shapes.check(subject + " q", q.operand(), "BTHK", -1, -1, -1, -1);
    Shapes.check(subject + " k", k.operand(), "BTHK", q.size(0), q.size(1), -1, q.size(3));
    Shapes.check(subject + " v", v.operand(), "BTHV", q.size(0), q.size(1), k.size(2), -1);
    checkArgument(
        q.size(2) % k.size(2) == 0,
        "%s: query heads %s must be a multiple of key heads %s",
        subject,
        q.size(2),
        k.size(2));
    return new AttentionShape(q.size(0), q.size(1), q.size(2), k.size(2), k.size(3), v.size(3));
  }

  /** A coefficient that must be there. */
  static Variable part(String subject, Map<String, Variable> coefficients, String name) {
    Variable part = coefficients.get(name);
    checkArgument(
        part != null, "%s: needs coefficient %s, got %s", subject, name, coefficients.keySet());
    return part;
  }

  /** Query heads that share a head of keys; they are contiguous. */
  int group() {
    return queryHeads / heads;
  }
}
