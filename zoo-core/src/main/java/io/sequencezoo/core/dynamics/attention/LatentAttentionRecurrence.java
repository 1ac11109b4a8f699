package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.Lengths;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.op.Dense;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Softmax attention whose keys and values are linear maps of one small latent per token: the state
 * is the set of latents and of one key per token, shared by the heads, that carries positions.
 *
 * <pre>{@code
 * C_t = C_{t-1} ∪ {c_t},  P_t = P_{t-1} ∪ {p_t}                                    state
 * k_s^h = [p_s; c_s U^h]    v_s^h = c_s W^h    y_t^h = Σ_s softmax_s(scale q_t^h·k_s^h) v_s^h
 * }</pre>
 *
 * <ul>
 *   <li>{@code q}: {@code [B, T, H, P+C]}, in each head the features that carry positions first
 *   <li>{@code latent}: c, {@code [B, T, 1, R]}; {@code ropeKey}: p, {@code [B, T, 1, P]}
 *   <li>{@code keyUp}: U, {@code [R, H C]}; {@code valueUp}: W, {@code [R, H V]}; {@code y}: {@code
 *       [B, T, H, V]}
 *   <li>state {@code latent}, {@code ropeKey}: {@code [B, n, 1, ·]}, R + P numbers per token
 * </ul>
 *
 * <p>Over a sequence keys and values are written out (the naive form): O(T min(T, W) H (P + C + V))
 * time. A step moves the maps to the query and the mean (the absorbed form): {@code q·(c U) = (q
 * Uᵀ)·c} and {@code Σ p_s (c_s W) = (Σ p_s c_s) W}, so that it reads latents alone: O(H (2 R + P))
 * per token seen.
 */
public final class LatentAttentionRecurrence extends CausalRecurrence {
  /** Queries. */
  public static final String QUERY = "q";

  /** Latents. */
  public static final String LATENT = "latent";

  /** Keys that carry positions, shared by the heads. */
  public static final String ROPE_KEY = "ropeKey";

  /** The map from latents to keys. */
  public static final String KEY_UP = "keyUp";

  /** The map from latents to values. */
  public static final String VALUE_UP = "valueUp";

  private static final String NAME = "latent_attention";

  private final Visibility visibility;

  private LatentAttentionRecurrence(Visibility visibility) {
    super(NAME, Family.ATTENTION, LATENT, Solver.BLOCKWISE);
    this.visibility = visibility;
  }

  /** Causal attention to everything before, logits scaled by {@code (P+C)^-0.5}. */
  public static LatentAttentionRecurrence causal() {
    return new LatentAttentionRecurrence(new Visibility(false, Visibility.UNLIMITED));
  }

  /** Only positions less than W away are seen. */
  public LatentAttentionRecurrence withWindow(int window) {
    return new LatentAttentionRecurrence(new Visibility(false, window));
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    LatentShape shape = LatentShape.of(NAME, coefficients);
    return List.of(
        new StatePart(LATENT, "Bn1R", shape.batch(), StatePart.SLOTS, 1, shape.rank()),
        new StatePart(ROPE_KEY, "Bn1P", shape.batch(), StatePart.SLOTS, 1, shape.ropeDim()));
  }

  @Override
  protected int heads(Map<String, Variable> coefficients) {
    return coefficients.get(QUERY).size(2);
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    LatentShape shape = LatentShape.of(NAME, coefficients);
    Variable latent = coefficients.get(LATENT);
    Variable ropeKey = coefficients.get(ROPE_KEY);
    State state = start(coefficients, initial);
    Span span = span(shape, state, lengths);
    Variable heldLatent = KeyValueCache.cleared(tape, span, state.get(LATENT));
    Variable heldRopeKey = KeyValueCache.cleared(tape, span, state.get(ROPE_KEY));
    Variable keyUp = coefficients.get(KEY_UP);
    Variable valueUp = coefficients.get(VALUE_UP);
    Variable y =
        BlockwiseAttention.apply(
            tape,
            span,
            new BlockwiseAttention.Sources(
                coefficients.get(QUERY),
                keys(tape, shape, latent, ropeKey, keyUp),
                values(tape, shape, latent, valueUp),
                heldLatent == null ? null : keys(tape, shape, heldLatent, heldRopeKey, keyUp),
                heldLatent == null ? null : values(tape, shape, heldLatent, valueUp),
                null,
                null,
                null,
                null));
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put(LATENT, KeyValueCache.after(tape, span, state.get(LATENT), latent));
    parts.put(ROPE_KEY, KeyValueCache.after(tape, span, state.get(ROPE_KEY), ropeKey));
    return new Advance(y, parts);
  }

  /** {@code [B, n, H, P+C]}. */
  private static Variable keys(
      Tape tape, LatentShape shape, Variable latent, Variable ropeKey, Variable keyUp) {
    long batch = latent.size(0);
    long n = latent.size(1);
    Variable content =
        Primitives.reshape(
            tape,
            Dense.linear(tape, latent, keyUp, null),
            batch,
            n,
            shape.heads(),
            shape.contentDim());
    Variable shared = Primitives.expand(tape, ropeKey, batch, n, shape.heads(), shape.ropeDim());
    return Primitives.concat(tape, 3, shared, content);
  }

  /** {@code [B, n, H, V]}. */
  private static Variable values(Tape tape, LatentShape shape, Variable latent, Variable valueUp) {
    return Primitives.reshape(
        tape,
        Dense.linear(tape, latent, valueUp, null),
        latent.size(0),
        latent.size(1),
        shape.heads(),
        shape.valueDim());
  }

  private Span span(LatentShape shape, State state, int[] lengths) {
    int[] held = held(state);
    return Span.of(
        NAME, shape.expanded(), visibility, scale(shape), null, held, state.get(LATENT), lengths);
  }

  private static double scale(LatentShape shape) {
    return 1 / Math.sqrt(shape.keyDim());
  }

  private int[] held(State state) {
    return visibility.held(NAME, state.counts(), state.get(LATENT).operand().size(1));
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    LatentShape shape = LatentShape.of(NAME, coefficients);
    return step(Precision.of(coefficients.get(QUERY).type()), tape, shape, coefficients, state);
  }

  private <A> Advance step(
      Precision<A> precision,
      Tape tape,
      LatentShape shape,
      Map<String, Variable> coefficients,
      State state) {
    int[] held = Replay.counting(held(state));
    int window = visibility.window();
    GrowingCache<A> latents =
        GrowingCache.of(precision, state.get(LATENT).operand())
            .with(held, window, coefficients.get(LATENT).operand());
    GrowingCache<A> ropeKeys =
        GrowingCache.of(precision, state.get(ROPE_KEY).operand())
            .with(held, window, coefficients.get(ROPE_KEY).operand());
    int[] tokens = Replay.counting(visibility.heldAfterOne(state.counts()));
    DataType type = coefficients.get(QUERY).type();
    Slab<A> q = precision.slab(coefficients.get(QUERY).operand());
    Slab<A> absorbed =
        precision.slab(tape.allocate(type, shape.batch(), shape.heads(), shape.rank()));
    Slab<A> mean = precision.slab(tape.allocate(type, shape.batch(), shape.heads(), shape.rank()));
    INDArray y = tape.allocate(type, shape.batch(), 1, shape.heads(), shape.valueDim());
    absorb(shape, q, precision.slab(coefficients.get(KEY_UP).operand()), absorbed);
    new LatentStep<>(precision, shape, scale(shape))
        .run(absorbed, q, latents, ropeKeys, tokens, window, mean);
    raise(shape, mean, precision.slab(coefficients.get(VALUE_UP).operand()), precision.slab(y));
    Map<String, Variable> parts = new LinkedHashMap<>();
    parts.put(LATENT, tape.record(latents.view(), unused -> {}));
    parts.put(ROPE_KEY, tape.record(ropeKeys.view(), unused -> {}));
    return new Advance(tape.record(y, unused -> {}), parts);
  }

  /** {@code q'_h = q_h U_hᵀ}. */
  private static <A> void absorb(LatentShape shape, Slab<A> q, Slab<A> keyUp, Slab<A> absorbed) {
    int heads = shape.heads();
    int c = shape.contentDim();
    int r = shape.rank();
    for (int h = 0; h < heads; h++) {
      long at = (long) h * shape.keyDim() + shape.ropeDim();
      int ldq = heads * shape.keyDim();
      long up = (long) h * c;
      int ldr = heads * r;
      Blas.gemm(
          false,
          true,
          shape.batch(),
          r,
          c,
          1,
          q,
          at,
          ldq,
          keyUp,
          up,
          heads * c,
          0,
          absorbed,
          (long) h * r,
          ldr);
    }
  }

  /** {@code y_h = z_h W_h}. */
  private static <A> void raise(LatentShape shape, Slab<A> mean, Slab<A> valueUp, Slab<A> y) {
    int heads = shape.heads();
    int v = shape.valueDim();
    int r = shape.rank();
    for (int h = 0; h < heads; h++) {
      long at = (long) h * r;
      long up = (long) h * v;
      Blas.gemm(
          false,
          false,
          shape.batch(),
          v,
          r,
          1,
          mean,
          at,
          heads * r,
          valueUp,
          up,
          heads * v,
          0,
          y,
          up,
          heads * v);
    }
  }

  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    LatentShape shape = LatentShape.of(NAME, coefficients);
    State state = start(coefficients, initial);
    int held = held(state)[row];
    double[][] keyUp = columns(coefficients.get(KEY_UP).value(), head, shape.contentDim());
    double[][] valueUp = columns(coefficients.get(VALUE_UP).value(), head, shape.valueDim());
    double[][] before = Weights.rows(state.get(LATENT).value(), row, 0, held);
    double[][] fresh = Weights.rows(coefficients.get(LATENT).value(), row, 0, shape.steps());
    double[][] ropeBefore = Weights.rows(state.get(ROPE_KEY).value(), row, 0, held);
    double[][] ropeFresh = Weights.rows(coefficients.get(ROPE_KEY).value(), row, 0, shape.steps());
    return new Weights(
            span(shape, state, Lengths.of(NAME, null, shape.batch(), shape.steps())), head)
        .system(
            Weights.rows(coefficients.get(QUERY).value(), row, head, shape.steps()),
            mapped(ropeBefore, before, keyUp),
            mapped(ropeFresh, fresh, keyUp),
            mapped(new double[held][0], before, valueUp),
            mapped(new double[shape.steps()][0], fresh, valueUp));
  }

  /** A head's columns of a map. */
  private static double[][] columns(INDArray map, int head, int size) {
    double[][] columns = new double[(int) map.size(0)][size];
    for (int r = 0; r < columns.length; r++) {
      for (int i = 0; i < size; i++) {
        columns[r][i] = map.getDouble(r, (long) head * size + i);
      }
    }
    return columns;
  }

  /** Rows {@code [first; x W]}. */
  private static double[][] mapped(double[][] first, double[][] x, double[][] w) {
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      int skip = first[t].length;
      y[t] = Arrays.copyOf(first[t], skip + w[0].length);
      for (int r = 0; r < w.length; r++) {
        for (int i = 0; i < w[r].length; i++) {
          y[t][skip + i] += x[t][r] * w[r][i];
        }
      }
    }
    return y;
  }
}
