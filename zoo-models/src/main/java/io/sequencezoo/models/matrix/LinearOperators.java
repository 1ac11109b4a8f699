package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.GatedSlotRecurrence;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.LogDecays;
import io.sequencezoo.core.op.RunningMaximum;
import io.sequencezoo.core.op.RunningSoftmax;
import io.sequencezoo.core.op.SkipConnection;
import io.sequencezoo.core.op.SsdInputs;
import io.sequencezoo.models.conv.Delay;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The members of the linear-attention family between their projections: from queries, keys, values
 * and gates to outputs and the final state {@code S [B, H, K, V]}. All are the matrix-state
 * recurrence under different coefficients.
 *
 * <p>In all of them {@code q, k: [B, T, H, K]}, {@code v, o: [B, T, H, V]}, queries are multiplied
 * by {@code scale}, and the initial state may be null.
 */
public final class LinearOperators {
  private static final String STATE = MatrixStateRecurrence.STATE;
  private static final String NORMALISER = MatrixStateRecurrence.NORMALISER;

  private LinearOperators() {}

  /** {@code S_t = S_{t-1} + k_t v_tᵀ}, {@code o_t = S_tᵀ q_t}. */
  public static Evolution linearAttention(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      @Nullable State initial,
      double scale) {
    return evolve(tape, solver, q, k, v, null, initial, scale);
  }

  /**
   * {@code o_t = S_tᵀ q_t / (z_tᵀ q_t + eps)} with {@code z_t = z_{t-1} + k_t [B, H, K]}, part of
   * the state.
   */
  public static Evolution normalisedLinearAttention(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      @Nullable State initial,
      double scale,
      double eps) {
    return MatrixStateRecurrence.normalised(scale, eps)
        .evolve(tape, solver, coefficients(q, k, v, null), initial, null);
  }

  /**
   * {@code S_t = diag(e^{g_t}) S_{t-1} + k_t v_tᵀ}; log decay {@code g} is {@code [B, T, H, K]} for
   * gated linear attention and {@code [B, T, H]} for its simple form.
   */
  public static Evolution gatedLinearAttention(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      @Nullable Variable g,
      @Nullable State initial,
      double scale) {
    return evolve(tape, solver, q, k, v, g, initial, scale);
  }

  /** RetNet's recurrence: constant decay {@code γ_h = 1 - 2^{-5-h}} of head h, from 0. */
  public static Evolution retention(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      @Nullable State initial,
      double scale) {
    Variable g = retentionDecay(tape, q.type(), q.size(0), q.size(1), q.size(2));
    return evolve(tape, solver, q, k, v, g, initial, scale);
  }

  /** The log decays {@code log γ_h}, {@code [B, T, H]}. */
  static Variable retentionDecay(Tape tape, DataType type, int batch, int steps, int heads) {
    double[] rates = new double[heads];
    for (int h = 0; h < heads; h++) {
      rates[h] = Math.log1p(-Math.pow(2, -5 - h));
    }
    Variable perHead = tape.constant(Nd4j.createFromArray(rates).castTo(type));
    return Primitives.expand(tape, perHead, batch, steps, heads);
  }

  /**
   * LightNet: {@code z_t = log(e^{z_{t-1}} + e^{k_t})}, decay {@code e^{z_{t-1} - z_t}}, write
   * {@code e^{k_t - z_t} v_tᵀ}: a softmax over time of the logits k. The state has parts S and
   * {@code z [B, H, K]}; without one, z starts at minus infinity.
   */
  public static Evolution lightnet(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      @Nullable State initial,
      double scale) {
    Variable start = initial == null ? null : initial.get(NORMALISER);
    Variable[] softmax = RunningSoftmax.apply(tape, k, start, null);
    Evolution evolution = evolve(tape, solver, q, softmax[1], v, softmax[0], initial, scale);
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put(STATE, evolution.state().get(STATE));
    parts.put(NORMALISER, softmax[2]);
    return new Evolution(evolution.outputs(), new State(parts, evolution.state().consumed()));
  }

  /**
   * HGRN2: decay {@code α = lb + (1 - lb) σ(f)}, key {@code 1 - α}.
   *
   * @param f forget logits {@code [B, T, H, K]}
   * @param lowerBound lb {@code [H, K]}, or null for zero
   */
  public static Evolution hgrn2(
      Tape tape,
      Solver solver,
      Variable q,
      Variable f,
      Variable v,
      @Nullable Variable lowerBound,
      @Nullable State initial,
      double scale) {
    Variable[] gates =
        lowerBound == null
            ? LogDecays.lowerBounded(tape, f, 0)
            : ChannelBounds.apply(tape, f, lowerBound);
    return evolve(tape, solver, q, gates[0], v, gates[1], initial, scale);
  }

  /**
   * Mamba-2 between convolution and gate: {@code S_t = e^{Δ_t A} S_{t-1} + Δ_t B_t x_tᵀ}, {@code
   * y_t = S_tᵀ C_t + D x_t}; the state is {@code [B, H, N, P]}.
   *
   * @param u x, B and C side by side, {@code [B, T, H P + 2 G N]}
   * @param raw the steps before bias, softplus and clamp, {@code [B, T, H]}
   * @param bias of the steps, {@code [H]}
   * @param logRate {@code log -A [H]}
   * @param skip D {@code [H]}, or null for none
   */
  public static Evolution ssd(
      Tape tape,
      Solver solver,
      Variable u,
      Variable raw,
      Variable bias,
      Variable logRate,
      SsdInputs.Shape shape,
      @Nullable Variable skip,
      @Nullable State initial) {
    Variable[] c = SsdInputs.apply(tape, u, raw, bias, logRate, shape);
    Evolution evolution = evolve(tape, solver, c[2], c[1], c[0], c[3], initial, 1);
    if (skip == null) {
      return evolution;
    }
    Variable joined = Heads.joined(tape, evolution.outputs());
    Variable skipped = SkipConnection.apply(tape, joined, u, skip);
    return new Evolution(
        Primitives.reshape(tape, skipped, evolution.outputs().shape()), evolution.state());
  }

  /**
   * RWKV-6: {@code o_t = (scale r_t)ᵀ (S_{t-1} + diag(u) k_t v_tᵀ)}, {@code S_t = diag(e^{w_t})
   * S_{t-1} + k_t v_tᵀ}. What reads the state before a token is the recurrence driven one token
   * late.
   *
   * @param w log decay {@code [B, T, H, K]}
   * @param u {@code [H, K]}
   */
  public static Evolution rwkv6(
      Tape tape,
      Solver solver,
      Variable r,
      Variable k,
      Variable v,
      Variable w,
      Variable u,
      @Nullable State initial,
      double scale) {
    Variable[] keys = late(tape, k);
    Variable[] values = late(tape, v);
    Variable[] decays = late(tape, w);
    Evolution evolution = evolve(tape, solver, r, keys[0], values[0], decays[0], initial, scale);
    Variable own = Primitives.affine(tape, scale, Heads.bonus(tape, r, k, v, u), 0);
    Variable decay = Primitives.map(tape, Unary.EXP, decays[1]);
    Variable decayed = Primitives.multiply(tape, evolution.state().get(STATE), decay);
    Variable written = Primitives.multiply(tape, keys[1], row(tape, values[1]));
    return new Evolution(
        Primitives.add(tape, evolution.outputs(), own),
        new State(
            Map.of(STATE, Primitives.add(tape, decayed, written)), evolution.state().consumed()));
  }

  /**
   * Mamba-3 before its gate: {@code S_t = α_t S_{t-1} + (1 - λ_t) Δ_t α_t b_{t-1} x_{t-1}ᵀ + λ_t
   * Δ_t b_t x_tᵀ}, {@code y_t = S_tᵀ c_t + D x_t}, b and c turned by the running angles. The state
   * has parts {@code S [B, H, N, P]}, {@code angle [B, H, R]}, and {@code b [B, H, N]} and {@code x
   * [B, H, P]} of the last token; without one, all are zero.
   *
   * @param x {@code [B, T, H, P]}
   * @param b {@code [B, T, H, N]}, as c; biased, but not turned
   * @param step Δ {@code [B, T, H]}
   * @param logDecay {@code log α}, as step
   * @param trapezoid the logit of λ, as step
   * @param turns {@code [B, T, H, R]}: angles turn by {@code π tanh(turns) Δ}
   * @param skip D {@code [H]}, or null for none
   */
  public static Evolution mamba3(
      Tape tape,
      Solver solver,
      Variable x,
      Variable b,
      Variable c,
      Variable step,
      Variable logDecay,
      Variable trapezoid,
      Variable turns,
      @Nullable Variable skip,
      @Nullable State initial) {
    long batch = x.size(0);
    long heads = x.size(2);
    State start;
    if (initial != null) {
      start = initial;
    } else {
      Map<String, Variable> zeros = new LinkedHashMap<>();
      zeros.put(STATE, tape.constant(tape.zeros(x.type(), batch, heads, b.size(3), x.size(3))));
      zeros.put("angle", tape.constant(tape.zeros(x.type(), batch, heads, turns.size(3))));
      zeros.put("b", tape.constant(tape.zeros(x.type(), batch, heads, b.size(3))));
      zeros.put("x", tape.constant(tape.zeros(x.type(), batch, heads, x.size(3))));
      start = new State(zeros, new int[x.size(0)]);
    }
    TrapezoidInputs inputs =
        TrapezoidInputs.of(
            tape,
            new TrapezoidInputs.Given(x, b, c, step, logDecay, trapezoid, turns),
            new TrapezoidInputs.Before(
                start.get("angle"),
                Primitives.reshape(tape, start.get("b"), batch, 1, heads * b.size(3)),
                Primitives.reshape(tape, start.get("x"), batch, 1, heads * x.size(3)),
                // What the last token wrote by itself is in S.
                tape.constant(tape.zeros(x.type(), batch, 1, heads))),
            null);
    State before = new State(Map.of(STATE, start.get(STATE)), start.consumed());
    Evolution evolution =
        MatrixStateRecurrence.scaled(1).evolve(tape, solver, inputs.coefficients(), before, null);
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put(STATE, inputs.whole(tape, evolution.state().get(STATE)));
    parts.put("angle", inputs.angle());
    parts.put("b", Primitives.reshape(tape, inputs.b(), batch, heads, b.size(3)));
    parts.put("x", Primitives.reshape(tape, inputs.x(), batch, heads, x.size(3)));
    return new Evolution(
        TrapezoidInputs.outputs(tape, evolution.outputs(), inputs.share(tape), x, skip),
        new State(parts, evolution.state().consumed()));
  }

  /**
   * Gated slot attention: {@code Sk_t = Sk_{t-1} diag(e^{g_t}) + k_t s_tᵀ}, {@code Sv_t =
   * diag(e^{g_t}) Sv_{t-1} + s_t v_tᵀ}, {@code o_t = Sv_tᵀ softmax(Sk_tᵀ (scale q_t))}. The state
   * has parts {@code Sk [B, H, K, M]} and {@code Sv [B, H, M, V]}.
   *
   * @param q {@code [B, T, H R, K]}: R query heads in a row share what the others have once
   * @param s what slots take {@code [B, T, H, M]}
   * @param g log decay, as s
   */
  public static Evolution gatedSlotAttention(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      Variable s,
      Variable g,
      @Nullable State initial,
      double scale) {
    int shares = q.size(2) / k.size(2);
    Map<String, Variable> coefficients =
        coefficients(
            q,
            Primitives.repeat(tape, k, 2, shares),
            Primitives.repeat(tape, v, 2, shares),
            Primitives.repeat(tape, g, 2, shares));
    coefficients.put(GatedSlotRecurrence.SLOTS, Primitives.repeat(tape, s, 2, shares));
    State start = initial;
    if (initial != null) {
      Map<String, Variable> parts = new LinkedHashMap<>();
      initial
          .parts()
          .forEach((name, part) -> parts.put(name, Primitives.repeat(tape, part, 1, shares)));
      start = new State(parts, initial.consumed());
    }
    Evolution evolution =
        new GatedSlotRecurrence(scale).evolve(tape, solver, coefficients, start, null);
    Map<String, Variable> parts = new LinkedHashMap<>();
    evolution.state().parts().forEach((name, part) -> parts.put(name, firstOf(tape, part, shares)));
    return new Evolution(evolution.outputs(), new State(parts, evolution.state().consumed()));
  }

  /** Of {@code [B, H R, M, N]} the first of every R. */
  private static Variable firstOf(Tape tape, Variable part, int shares) {
    long[] shape = part.shape();
    long heads = shape[1] / shares;
    Variable split = Primitives.reshape(tape, part, shape[0], heads, shares, shape[2] * shape[3]);
    Variable first = Primitives.slice(tape, split, 2, 0, 1);
    return Primitives.reshape(tape, first, shape[0], heads, shape[2], shape[3]);
  }

  /** A coefficient one token late, zeros first; and the last, {@code [B, H, N, 1]}. */
  private static Variable[] late(Tape tape, Variable x) {
    long[] shape = x.shape();
    Variable joined = Heads.joined(tape, x);
    Variable before = tape.constant(tape.zeros(x.type(), shape[0], 1, joined.size(2)));
    Variable[] delayed = Delay.apply(tape, joined, before, null);
    return new Variable[] {
      Primitives.reshape(tape, delayed[0], shape),
      Primitives.reshape(tape, delayed[1], shape[0], shape[2], shape[3], 1)
    };
  }

  private static Variable row(Tape tape, Variable column) {
    return Primitives.permute(tape, column, 0, 1, 3, 2);
  }

  /**
   * mLSTM between projections and norm: {@code h_t = C_tᵀ q̂_t / (max(|n_tᵀ q̂_t|, e^{-m_t}) +
   * eps)}, {@code q̂ = scale q}. The state has parts {@code C [B, H, K, V]}, {@code n [B, H, K]}
   * and {@code m [B, H]}; without one, all are zero.
   *
   * @param i logits of the input gate {@code [B, T, H]}
   * @param f logits of the forget gate, as i
   */
  public static Evolution mlstm(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      Variable i,
      Variable f,
      @Nullable State initial,
      double scale,
      double eps) {
    Map<String, Variable> coefficients = coefficients(q, k, v, null);
    Variable start = initial == null ? null : initial.get("m");
    Variable[] stabilised = stabilise(tape, coefficients, i, f, start, null);
    State joined = initial;
    if (initial != null) {
      Variable c = initial.get("C");
      Variable n = initial.get("n");
      Variable column = Primitives.reshape(tape, n, n.size(0), n.size(1), n.size(2), 1);
      joined = new State(Map.of(STATE, Primitives.concat(tape, 3, c, column)), initial.consumed());
    }
    Evolution evolution =
        MatrixStateRecurrence.scaled(scale).evolve(tape, solver, coefficients, joined, null);
    Variable s = evolution.state().get(STATE);
    Variable[] both = Primitives.split(tape, s, 3, v.size(3), 1);
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put("C", both[0]);
    parts.put("n", Primitives.reshape(tape, both[1], s.size(0), s.size(1), s.size(2)));
    parts.put("m", stabilised[1]);
    return new Evolution(
        normalise(tape, evolution.outputs(), stabilised[0], eps),
        new State(parts, evolution.state().consumed()));
  }

  /**
   * Turns q, k and v into coefficients of a state with exponential gates and a normaliser: the
   * decay per head, keys with their weight, and one more value, of ones.
   *
   * @param start m before the first token, or null for zero
   * @return m of all tokens {@code [B, T, H]}, and the last
   */
  static Variable[] stabilise(
      Tape tape,
      Map<String, Variable> coefficients,
      Variable i,
      Variable f,
      @Nullable Variable start,
      int @Nullable [] lengths) {
    Variable forget = LogDecays.logSigmoid(tape, f, 1);
    Variable[] largest = RunningMaximum.apply(tape, i, forget, start, lengths);
    Variable k = Recurrence.required(coefficients, MatrixStateRecurrence.KEY);
    Variable v = Recurrence.required(coefficients, MatrixStateRecurrence.VALUE);
    coefficients.put(
        MatrixStateRecurrence.KEY, Primitives.multiply(tape, k, column(tape, largest[1])));
    Variable ones =
        tape.constant(tape.allocate(v.type(), v.size(0), v.size(1), v.size(2), 1).assign(1));
    coefficients.put(MatrixStateRecurrence.VALUE, Primitives.concat(tape, 3, v, ones));
    coefficients.put(MatrixStateRecurrence.DECAY, largest[0]);
    return new Variable[] {largest[2], largest[3]};
  }

  /** From {@code [B, T, H, V + 1]}, normaliser last, to {@code [B, T, H, V]}. */
  static Variable normalise(Tape tape, Variable outputs, Variable m, double eps) {
    Variable[] both = Primitives.split(tape, outputs, 3, outputs.size(3) - 1, 1);
    Variable least = Primitives.map(tape, Unary.EXP, Primitives.affine(tape, -1, m, 0));
    Variable below = Primitives.maximum(tape, Primitives.abs(tape, both[1]), column(tape, least));
    return Primitives.divide(tape, both[0], Primitives.affine(tape, 1, below, eps));
  }

  /** {@code [B, T, H]} as {@code [B, T, H, 1]}. */
  private static Variable column(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), x.size(2), 1);
  }

  private static Evolution evolve(
      Tape tape,
      Solver solver,
      Variable q,
      Variable k,
      Variable v,
      @Nullable Variable g,
      @Nullable State initial,
      double scale) {
    return MatrixStateRecurrence.scaled(scale)
        .evolve(tape, solver, coefficients(q, k, v, g), initial, null);
  }

  /** By name; g may be null. */
  static Map<String, Variable> coefficients(
      Variable q, Variable k, Variable v, @Nullable Variable g) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(MatrixStateRecurrence.QUERY, q);
    coefficients.put(MatrixStateRecurrence.KEY, k);
    coefficients.put(MatrixStateRecurrence.VALUE, v);
    if (g != null) {
      coefficients.put(MatrixStateRecurrence.DECAY, g);
    }
    return coefficients;
  }
}
