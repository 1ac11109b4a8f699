package io.sequencezoo.core.dynamics.memory;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.CausalRecurrence;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.StatePart;
import io.sequencezoo.core.shape.Shapes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A memory that learns: a small network per head whose weights an optimiser moves for every token,
 * so that keys recall values, and that queries then read.
 *
 * <pre>{@code
 * G_t = ∇ℓ(M(k_t), v_t)  at the weights where t's chunk of C tokens starts     objective
 * D_t = the optimiser's step along G_t, or along those of the last c tokens    inner algorithm
 * A_t = α_t A_{t-1} + D_t, W_t of A_t                                          retention
 * y_t = M(q_t) at W_t                                                          read-out
 * }</pre>
 *
 * <p>A {@link MemoryRule} says what network, loss ({@link AttentionalBias}), {@link Retention} and
 * {@link InnerAlgorithm}. C is part of the system, not of the solver: for C = 1 every gradient is
 * taken at the weights that the token before left.
 *
 * <ul>
 *   <li>{@code q, k}: {@code [B, T, H, K]}; {@code v, y}: {@code [B, T, H, V]}
 *   <li>numbers per head and token, {@code [B, T, H]}: {@code theta}, the step; {@code alpha}, the
 *       retained share, where the retention decays; {@code lambda} for local and global l2; {@code
 *       tau} for an elastic net; {@code eta}, momentum; {@code rho}, the step of who reads in a
 *       mini-batch; {@code gamma}, a token's weight in windows; {@code delta}, a threshold of the
 *       loss
 *   <li>{@code norm_weight, norm_bias}: {@code [H, V]}, the same for all tokens, where the network
 *       is normalised
 *   <li>state: {@code W}, or {@code W1, W2, ...} of an MLP, {@code [B, H, I, O]}, and {@code b}
 *       likewise with I = 1: the sums A; {@code S_W} and so on, what the optimiser carries; {@code
 *       base_W} and so on, A where the chunk started, for C above 1; {@code past_k} and so on, the
 *       last c - 1 tokens of a window
 * </ul>
 *
 * <p>Chunks lie on a grid of tokens since the stream began, which the state's token counts place.
 * The chunked solver runs the tokens of a chunk together, the sequential one each alone; both run
 * as one tape entry and recompute on the way back. Cost per token and head: about 6 products with
 * each matrix forwards where the rule is linear, C matrices at once where it isn't. Numerical care:
 * see the parts of the rule.
 */
public final class OptimiserMemoryRecurrence extends CausalRecurrence {
  /** Queries {@code [B, T, H, K]}. */
  public static final String QUERY = "q";

  /** Keys {@code [B, T, H, K]}. */
  public static final String KEY = "k";

  /** Values {@code [B, T, H, V]}. */
  public static final String VALUE = "v";

  /** The step θ {@code [B, T, H]}. */
  public static final String STEP = "theta";

  /** The retained share α {@code [B, T, H]}. */
  public static final String RETAINED = "alpha";

  /** The pull λ to zero of local and global l2, {@code [B, T, H]}. */
  public static final String PULL = "lambda";

  /** The threshold τ of an elastic net, {@code [B, T, H]}. */
  public static final String SHRINKAGE = "tau";

  /** The momentum η {@code [B, T, H]}. */
  public static final String MOMENTUM = "eta";

  /** The step ρ of who reads in a mini-batch, {@code [B, T, H]}. */
  public static final String LOOK = "rho";

  /** The weight γ of a token in windows, {@code [B, T, H]}. */
  public static final String WINDOW = "gamma";

  /** The threshold δ of the loss, {@code [B, T, H]}. */
  public static final String THRESHOLD = "delta";

  /** The gain of the network's norm, {@code [H, V]}. */
  public static final String NORM_WEIGHT = "norm_weight";

  /** The offset of the network's norm, {@code [H, V]}. */
  public static final String NORM_BIAS = "norm_bias";

  private final MemoryRule rule;

  /** The memory of this rule. */
  public OptimiserMemoryRecurrence(MemoryRule rule) {
    super("optimiser_memory", Family.OPTIMISER_MEMORY, QUERY, Solver.CHUNKED, Solver.SEQUENTIAL);
    this.rule = rule;
  }

  /** What describes it. */
  public MemoryRule rule() {
    return rule;
  }

  /** Coefficients that are a number per head and token, and what stands for a token that isn't. */
  Map<String, Double> scalars() {
    InnerAlgorithm algorithm = rule.algorithm();
    Map<String, Double> scalars = new LinkedHashMap<>();
    scalars.put(STEP, 0.0);
    if (rule.retention().decays()) {
      scalars.put(RETAINED, 1.0);
    }
    if (rule.retention() instanceof Retention.LocalGlobal) {
      scalars.put(PULL, 0.0);
    }
    if (rule.retention() instanceof Retention.ElasticNet) {
      scalars.put(SHRINKAGE, 0.0);
    }
    if (algorithm.hasMomentum()) {
      scalars.put(MOMENTUM, 1.0);
    }
    if (algorithm.miniBatch()) {
      scalars.put(LOOK, 0.0);
    }
    if (algorithm.window() > 1) {
      scalars.put(WINDOW, 0.0);
    }
    if (rule.bias().hasThreshold()) {
      scalars.put(THRESHOLD, 0.0);
    }
    return scalars;
  }

  /** The coefficients that a window keeps. */
  private List<String> remembered() {
    List<String> names = new ArrayList<>();
    if (rule.history() > 0) {
      names.addAll(List.of(KEY, VALUE, WINDOW));
      if (rule.bias().hasThreshold()) {
        names.add(THRESHOLD);
      }
    }
    return names;
  }

  @Override
  protected List<StatePart> parts(Map<String, Variable> coefficients) {
    check(coefficients);
    Variable q = coefficients.get(QUERY);
    return parts(q.size(0), q.size(2), q.size(3), coefficients.get(VALUE).size(3));
  }

  /** The parts of a state of so many rows. */
  List<StatePart> parts(int batch, int heads, int keys, int values) {
    List<StatePart> parts = new ArrayList<>();
    for (String prefix : prefixes()) {
      for (MemoryNetwork.Part part : rule.network().parts(keys, values)) {
        parts.add(new StatePart(prefix + part.name(), "BHIO", batch, heads, part.in(), part.out()));
      }
    }
    for (String name : remembered()) {
      int size = name.equals(KEY) ? keys : name.equals(VALUE) ? values : 1;
      parts.add(new StatePart(MemoryState.PAST + name, "BRHN", batch, rule.history(), heads, size));
    }
    return parts;
  }

  /** What each part of the network has a copy of, the weights themselves first. */
  private List<String> prefixes() {
    List<String> prefixes = new ArrayList<>(List.of(""));
    if (rule.algorithm().carries()) {
      prefixes.add(MemoryState.CARRIED);
    }
    if (rule.hasBase()) {
      prefixes.add(MemoryState.BASE);
    }
    return prefixes;
  }

  /**
   * The state before the first token of memories that start from given weights.
   *
   * @param weights every part of the network by name, {@code [H, I, O]}
   */
  public Map<String, Variable> startingFrom(
      Tape tape, int batch, int keys, int values, Map<String, Variable> weights) {
    Map<String, Variable> state = new LinkedHashMap<>();
    Variable any = weights.values().iterator().next();
    for (StatePart part : parts(batch, any.size(0), keys, values)) {
      String own = part.name();
      if (rule.hasBase() && own.startsWith(MemoryState.BASE)) {
        own = own.substring(MemoryState.BASE.length());
      }
      Variable given = weights.get(own);
      state.put(
          part.name(),
          given == null
              ? tape.constant(tape.zeros(any.type(), part.sizes()))
              : Primitives.expand(tape, given, part.sizes()));
    }
    return state;
  }

  /** Numbers of the state of one row. */
  public long stateNumbers(int heads, int keys, int values) {
    return parts(1, heads, keys, values).stream()
        .mapToLong(part -> Arrays.stream(part.sizes()).reduce(1, (x, y) -> x * y))
        .sum();
  }

  /**
   * Multiply-adds per token: for every token of the window forward, backward and outer products;
   * then the step, the retention and the read; and what makes a step orthogonal.
   */
  public long multiplyAdds(int heads, int keys, int values) {
    long perHead = 0;
    for (MemoryNetwork.Part part : rule.network().parts(keys, values)) {
      long numbers = (long) part.in() * part.out();
      perHead += (3L * rule.algorithm().window() + 1 + prefixes().size()) * numbers;
      if (rule.algorithm().orthogonal()) {
        perHead += MemoryChunk.orthogonalMultiplyAdds(part.in(), part.out());
      }
    }
    return heads * (perHead + (rule.network().normalises() ? 2L * values : 0));
  }

  private void check(Map<String, Variable> coefficients) {
    List<String> needed = new ArrayList<>(List.of(QUERY, KEY, VALUE));
    needed.addAll(scalars().keySet());
    if (rule.network().normalises()) {
      needed.addAll(List.of(NORM_WEIGHT, NORM_BIAS));
    }
    for (String name : needed) {
      checkArgument(
          coefficients.get(name) != null,
          "%s: needs coefficients %s, got %s; add %s",
          name(),
          needed,
          coefficients.keySet(),
          name);
    }
    Variable q = coefficients.get(QUERY);
    checkShape(coefficients, QUERY, "BTHK", -1, -1, -1, -1);
    long batch = q.size(0);
    long steps = q.size(1);
    long heads = q.size(2);
    checkShape(coefficients, KEY, "BTHK", batch, steps, heads, q.size(3));
    checkShape(coefficients, VALUE, "BTHV", batch, steps, heads, -1);
    int values = coefficients.get(VALUE).size(3);
    scalars().keySet().forEach(name -> checkShape(coefficients, name, "BTH", batch, steps, heads));
    if (rule.network().normalises()) {
      checkShape(coefficients, NORM_WEIGHT, "HV", heads, values);
      checkShape(coefficients, NORM_BIAS, "HV", heads, values);
    }
    rule.network().check(name(), q.size(3), values);
  }

  private void checkShape(
      Map<String, Variable> coefficients, String name, String axes, long... sizes) {
    Shapes.check(name() + " " + name, coefficients.get(name).operand(), axes, sizes);
  }

  private Map<String, Variable> fixed(Map<String, Variable> coefficients) {
    Map<String, Variable> fixed = new LinkedHashMap<>();
    if (rule.network().normalises()) {
      fixed.put(NORM_WEIGHT, coefficients.get(NORM_WEIGHT));
      fixed.put(NORM_BIAS, coefficients.get(NORM_BIAS));
    }
    return fixed;
  }

  /** The parts of a state that chunks move. */
  private Map<String, Variable> moving(State state) {
    Map<String, Variable> parts = new LinkedHashMap<>(state.parts());
    remembered().forEach(name -> parts.remove(MemoryState.PAST + name));
    return parts;
  }

  private MemoryChunk body(Map<String, Variable> coefficients, boolean formed) {
    int keys = coefficients.get(QUERY).size(3);
    return new MemoryChunk(rule, keys, coefficients.get(VALUE).size(3), formed);
  }

  @Override
  protected Advance advance(
      Tape tape, Solver solver, Map<String, Variable> coefficients, State initial, int[] lengths) {
    State state = start(coefficients, initial);
    boolean alone = solver == Solver.SEQUENTIAL;
    RecomputedScan.Grid grid =
        new RecomputedScan.Grid(alone ? 1 : rule.chunk(), rule.chunk(), state.consumed(), lengths);
    List<RecomputedScan.Stream> streams = new ArrayList<>();
    for (String name : List.of(QUERY, KEY, VALUE)) {
      streams.add(stream(coefficients, state, name, 0));
    }
    scalars().forEach((name, filler) -> streams.add(stream(coefficients, state, name, filler)));
    RecomputedScan.Result result =
        RecomputedScan.run(
            tape,
            grid,
            streams,
            fixed(coefficients),
            moving(state),
            coefficients.get(VALUE).size(3),
            body(coefficients, alone || !rule.isLinear()));
    return new Advance(result.outputs(), inOrder(coefficients, result.state()));
  }

  private RecomputedScan.Stream stream(
      Map<String, Variable> coefficients, State state, String name, double filler) {
    Variable past = remembered().contains(name) ? state.get(MemoryState.PAST + name) : null;
    return new RecomputedScan.Stream(name, coefficients.get(name), filler, past);
  }

  private Map<String, Variable> inOrder(
      Map<String, Variable> coefficients, Map<String, Variable> state) {
    Map<String, Variable> ordered = new LinkedHashMap<>();
    parts(coefficients).forEach(part -> ordered.put(part.name(), state.get(part.name())));
    return ordered;
  }

  @Override
  protected Advance advanceToken(Tape tape, Map<String, Variable> coefficients, State state) {
    Map<String, Variable> tokens = new LinkedHashMap<>();
    Map<String, Variable> pasts = new LinkedHashMap<>();
    List<String> names = new ArrayList<>(List.of(QUERY, KEY, VALUE));
    names.addAll(scalars().keySet());
    for (String name : names) {
      Variable token = coefficients.get(name);
      if (remembered().contains(name)) {
        tokens.put(name, withPast(tape, token, name, state, pasts));
      } else {
        tokens.put(name, perHead(tape, token));
      }
    }
    RecomputedScan.Chunk chunk =
        RecomputedScan.Chunk.ofToken(
            tape, tokens, fixed(coefficients), moving(state), state.counts(), rule.chunk());
    RecomputedScan.Result result = body(coefficients, true).run(tape, chunk);
    Variable y = result.outputs();
    Map<String, Variable> parts = new LinkedHashMap<>(result.state());
    parts.putAll(pasts);
    return new Advance(
        Primitives.reshape(tape, y, y.size(0), 1, y.size(1), y.size(3)),
        inOrder(coefficients, parts));
  }

  /** {@code [B, 1, H, N]} as {@code [B, H, 1, N]}. */
  static Variable perHead(Tape tape, Variable token) {
    long size = token.rank() == 4 ? token.size(3) : 1;
    return Primitives.reshape(tape, token, token.size(0), token.size(2), 1, size);
  }

  private static Variable withPast(
      Tape tape, Variable token, String name, State state, Map<String, Variable> pasts) {
    Variable past = state.get(MemoryState.PAST + name);
    Variable now = Primitives.reshape(tape, token, token.size(0), 1, token.size(2), past.size(3));
    Variable all = Primitives.concat(tape, 1, past, now);
    pasts.put(MemoryState.PAST + name, Primitives.slice(tape, all, 1, 1, all.size(1)));
    return Primitives.permute(tape, all, 0, 2, 1, 3);
  }

  @Override
  protected int heads(Map<String, Variable> coefficients) {
    return coefficients.get(QUERY).size(2);
  }

  /** The Jacobian along the trajectory, with the affine rests of state and output as inputs. */
  @Override
  protected LinearSystem system(
      Map<String, Variable> coefficients, State initial, int row, int head) {
    return MemoryLinearization.ofHead(
            this::advanceToken, this::read, coefficients, start(coefficients, initial), row, head)
        .system(coefficients.get(VALUE).size(3));
  }

  /** What a token's query reads from a state. */
  private Variable read(Tape tape, Map<String, Variable> coefficients, State state) {
    Variable look = coefficients.get(LOOK);
    return body(coefficients, true)
        .read(
            tape,
            perHead(tape, coefficients.get(QUERY)),
            look == null ? null : perHead(tape, look),
            fixed(coefficients),
            state.parts());
  }
}
