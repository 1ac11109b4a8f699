package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.Norms;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The many inputs and outputs of Mamba-3's heads: R forms of x, of the gate and of the output, each
 * by a weight per feature.
 *
 * <pre>{@code
 * x_r = x ⊙ mimo_x_r        z_r = z ⊙ mimo_z_r        y = Σ_r mimo_o_r ⊙ (o_r ⊙ silu(z_r))
 * }</pre>
 *
 * @param heads H
 * @param ranks R
 * @param features P
 */
record RankedHeads(int heads, int ranks, int features) {
  private static final double NORM_EPS = 1e-5;
  private static final String X = "mimo_x";
  private static final String Z = "mimo_z";
  private static final String O = "mimo_o";

  /** Declares the weights: of x and the output 1/R, of the gate, where there is one, 1. */
  void declare(Declaration declaration, boolean gated) {
    declaration.weight(X, Initialisers.constant(1.0 / ranks), heads, ranks, features);
    if (gated) {
      declaration.weight(Z, Initialisers.ones(), heads, ranks, features);
    }
    declaration.weight(O, Initialisers.constant(1.0 / ranks), heads, ranks, features);
  }

  /** R reads and writes per token from those of {@code H R} heads that share x. */
  Map<String, Variable> coefficients(Context context, Map<String, Variable> c) {
    Tape tape = context.tape();
    Map<String, Variable> ranked = new LinkedHashMap<>(c);
    ranked.computeIfPresent(MatrixStateRecurrence.QUERY, (name, q) -> split(tape, q));
    ranked.computeIfPresent(MatrixStateRecurrence.KEY, (name, k) -> split(tape, k));
    ranked.computeIfPresent(MatrixStateRecurrence.VALUE, (name, v) -> forms(context, v, X));
    return ranked;
  }

  /** {@code [B, T, H R, N]} as {@code [B, T, H, R, N]}. */
  private Variable split(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), heads, ranks, x.size(3));
  }

  /** {@code [B, T, H, P]}, in any shape, as R forms {@code [B, T, H, R, P]}. */
  private Variable forms(Context context, Variable x, String weights) {
    Tape tape = context.tape();
    Variable one = Primitives.reshape(tape, x, x.size(0), x.size(1), heads, 1, features);
    return Primitives.multiply(tape, one, context.parameter(weights));
  }

  /** What outputs have of the token itself: {@code Σ_s w (b_s · c_r) x_s + D x_r}. */
  Variable own(Context context, TrapezoidInputs inputs, Variable x, Variable skip) {
    Tape tape = context.tape();
    Variable all = forms(context, x, X);
    Variable scores =
        Primitives.matmul(
            tape, split(tape, inputs.turnedC()), split(tape, inputs.turnedB()), false, true);
    Variable weight = Primitives.reshape(tape, inputs.now(), x.size(0), x.size(1), heads, 1, 1);
    Variable written = Primitives.matmul(tape, Primitives.multiply(tape, scores, weight), all);
    Variable skipped = Primitives.multiply(tape, all, Primitives.reshape(tape, skip, heads, 1, 1));
    return Primitives.add(tape, written, skipped);
  }

  /**
   * From the outputs of all forms to one.
   *
   * @param outputs {@code [B, T, H, R P]}
   * @param own {@code [B, T, H, R, P]}
   * @param norm the gain {@code [H P]} of a norm per head and form, or null for none
   * @param logits of the gate, in any shape; null for none
   * @return {@code [B, T, H P]}
   */
  Variable combined(
      Context context,
      Variable outputs,
      Variable own,
      @Nullable Variable norm,
      GateActivation gate,
      @Nullable Variable logits) {
    Tape tape = context.tape();
    Variable y = Primitives.add(tape, Primitives.reshape(tape, outputs, own.shape()), own);
    if (norm != null) {
      Variable ones = tape.constant(tape.allocate(y.type(), features).assign(1));
      Variable normed = Norms.rmsNorm(tape, y, ones, null, NORM_EPS, features);
      Variable gain = Primitives.reshape(tape, norm, heads, 1, features);
      y = Primitives.multiply(tape, normed, gain);
    }
    if (logits != null) {
      y = Activations.gated(tape, gate.activation(), forms(context, logits, Z), y);
    }
    Variable weighed = Primitives.multiply(tape, y, context.parameter(O));
    return Heads.joined(tape, Primitives.sum(tape, weighed, 3, false));
  }
}
