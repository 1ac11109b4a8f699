package io.sequencezoo.models.position;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.DecayingSum;
import io.sequencezoo.core.op.DecayingSum.Line;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Norms;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Multi-dimensional Toeplitz position encoding, MD-TPE: every axis of a grid mixes its neighbours
 * by weights that fall with their distance, so that a mixer without an order of its own can tell
 * where tokens stand.
 *
 * <pre>{@code
 * e_p = (q_hᵀ k_h) Σ_{c' ≤ c} γ_h^{c - c'} x_{p(c')}        one axis: p(c') has coordinate c' on it
 * MD-TPE(x) = Σ_axes rms(e) W_o                             γ_h = σ(r_h)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]}, T positions of the grid in row-major order
 *   <li>{@code q, k}: {@code [H, D/H]}, ones: constant in time; behind the norm only the sign of
 *       their product matters, and its size against eps
 *   <li>{@code decay} r: {@code [H]}, zeros, so that γ starts at 1/2
 *   <li>{@code norm}: {@code [D]}, in groups of D/H; {@code output} W_o: {@code [D, D]}
 *   <li>state {@code toeplitz_A}: {@code [B, s, D]} for axis A, the last sums of its s lines side
 *       by side; none where both ways are seen
 * </ul>
 *
 * <p>Bidirectional, sums take {@code γ^{|c - c'|}} over the whole line. Cost per token and axis: D²
 * for the projection and a few D. Differs from the source: nothing but the bidirectional form,
 * which it leaves to flipping.
 */
@Source(
    repo = "Doraemonzzz/xmixers",
    path = "xmixers/modules/pes/md/md_tpe.py",
    commit = "41b22a8e53ea17faa8a82db785b486fe35690c77")
public final class ToeplitzEncoding {
  /** Of the norm, as in the mixers that it precedes. */
  private static final double NORM_EPS = 1e-5;

  /** The source's gain of its output projection (token_mixer_init_type 4). */
  private static final double OUTPUT_GAIN = 0.01;

  private static final String PATH = "toeplitz";
  private static final String STATE = "toeplitz_";

  private final int width;
  private final int heads;
  private final List<Line> lines;
  private final boolean bidirectional;

  /** An encoding of D features in H groups with a decay each. */
  public ToeplitzEncoding(int width, int heads, Grid grid, boolean bidirectional) {
    checkArgument(
        width % heads == 0,
        "toeplitz encoding: width %s must be divisible by heads %s",
        width,
        heads);
    this.width = width;
    this.heads = heads;
    this.lines = grid.lines();
    this.bidirectional = bidirectional;
  }

  /** Declares the parameters of every axis under {@code toeplitz.AXIS}. */
  public void declare(Declaration declaration) {
    for (int axis = 0; axis < lines.size(); axis++) {
      Declaration own = declaration.child(PATH).child(String.valueOf(axis));
      own.undecayed("q", Initialisers.ones(), heads, 1, width / heads);
      own.undecayed("k", Initialisers.ones(), heads, 1, width / heads);
      own.undecayed("decay", Initialisers.zeros(), heads);
      own.undecayed("norm", Initialisers.ones(), width);
      own.weight("output", Initialisers.xavierUniform(OUTPUT_GAIN), width, width);
    }
  }

  /** The sums before the first token: zeros. */
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    Tape tape = context.tape();
    Map<String, Variable> state = new LinkedHashMap<>();
    for (int axis = 0; !bidirectional && axis < lines.size(); axis++) {
      int stride = lines.get(axis).stride();
      state.put(STATE + axis, tape.constant(tape.zeros(type, batch, stride, width)));
    }
    return state;
  }

  /**
   * The encoding of x, {@code [B, T, D]}.
   *
   * @param state the sums so far, and where each row stands
   * @param next takes the next sums
   */
  public Variable apply(Context context, Variable x, State state, Map<String, Variable> next) {
    Variable sum = axis(context, x, 0, state, next);
    for (int axis = 1; axis < lines.size(); axis++) {
      sum = Primitives.add(context.tape(), sum, axis(context, x, axis, state, next));
    }
    return sum;
  }

  private Variable axis(
      Context block, Variable x, int axis, State state, Map<String, Variable> next) {
    Context context = block.child(PATH).child(String.valueOf(axis));
    Tape tape = context.tape();
    Line line = lines.get(axis);
    Variable gamma = Primitives.map(tape, Unary.SIGMOID, context.parameter("decay"));
    Variable decayed =
        bidirectional
            ? bothWays(context, x, gamma, line)
            : forwards(context, x, gamma, line, STATE + axis, state, next);
    Variable product =
        Primitives.sum(
            tape,
            Primitives.multiply(tape, context.parameter("q"), context.parameter("k")),
            2,
            true); // [H, 1, 1]
    Variable perHead =
        Primitives.reshape(tape, decayed, x.size(0), x.size(1), heads, width / heads);
    Variable scale = Primitives.reshape(tape, product, heads, 1);
    Variable fixed = Primitives.stopGradient(tape, scale);
    Variable scaled = Primitives.multiply(tape, perHead, fixed);
    Variable normed =
        Norms.rmsNorm(
            tape,
            Primitives.reshape(tape, scaled, x.shape()),
            context.parameter("norm"),
            null,
            NORM_EPS,
            width / heads);
    if (tape.needsPullback(scale)) {
      normed = Primitives.add(tape, normed, slope(context, perHead, scaled, scale, fixed, x));
    }
    return Dense.linear(tape, normed, context.parameter("output"), null);
  }

  /**
   * Zero, with the derivative of the norm by what scales it, {@code e ε (mean(s² e²) + ε)^{-3/2}}:
   * through the norm itself it would be the difference of two terms that agree but for ε.
   */
  private static Variable slope(
      Context context,
      Variable perHead,
      Variable scaled,
      Variable scale,
      Variable fixed,
      Variable x) {
    Tape tape = context.tape();
    Variable square = Primitives.mean(tape, Primitives.multiply(tape, scaled, scaled), 3, true);
    Variable falling = Primitives.power(tape, Primitives.affine(tape, 1, square, NORM_EPS), -1.5);
    Variable slope =
        Primitives.stopGradient(
            tape,
            Primitives.multiply(tape, perHead, Primitives.affine(tape, NORM_EPS, falling, 0)));
    Variable moved = Primitives.multiply(tape, slope, Primitives.subtract(tape, scale, fixed));
    return Primitives.multiply(
        tape, Primitives.reshape(tape, moved, x.shape()), context.parameter("norm"));
  }

  private Variable forwards(
      Context context,
      Variable x,
      Variable gamma,
      Line line,
      String name,
      State state,
      Map<String, Variable> next) {
    Variable[] results =
        DecayingSum.forwards(
            context.tape(), x, gamma, state.get(name), state.counts(), line, context.lengths());
    next.put(name, results[1]);
    return results[0];
  }

  /** Sums forwards and backwards count a position itself twice. */
  private Variable bothWays(Context context, Variable x, Variable gamma, Line line) {
    Tape tape = context.tape();
    Variable zeros = tape.constant(tape.zeros(x.type(), x.size(0), line.stride(), width));
    Variable before =
        DecayingSum.forwards(tape, x, gamma, zeros, new int[x.size(0)], line, context.lengths())[0];
    Variable after = DecayingSum.backwards(tape, x, gamma, line, context.lengths());
    return Primitives.subtract(tape, Primitives.add(tape, before, after), x);
  }

  /** Bytes of the sums per row. */
  public long stateBytes(DataType type) {
    long lanes = lines.stream().mapToLong(Line::stride).sum();
    return bidirectional ? 0 : lanes * width * type.width();
  }

  /** Multiply-adds per token: projection, sum, and scaling by product and norm. */
  public long multiplyAddsPerToken() {
    long sums = bidirectional ? 2 : 1;
    return lines.size() * (long) width * (width + sums + 2);
  }
}
