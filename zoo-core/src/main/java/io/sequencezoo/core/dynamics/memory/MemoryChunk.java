package io.sequencezoo.core.dynamics.memory;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork.Layer;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Unary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A chunk of a memory in primitives of the tape: gradients of all tokens at the weights of the
 * chunk's start, the optimiser's steps and the retention along the chunk, and what queries read at
 * each token after its update.
 *
 * <p>In the formed way the weights at every token are there, C matrices at once: any rule. In the
 * dual way of linear rules they are not: with weights {@code W_t = a_t W + d_t S + Σ_s A_ts x_s
 * δ_sᵀ}, queries read {@code q W_t = a_t q W + d_t q S + Σ_s A_ts (q·x_s) δ_s}, products of
 * matrices alone; leaders in the q-norm are such sums times {@code |A_t|_q^{2-q}}, which {@link
 * RunningPower} knows. Both give the same.
 */
final class MemoryChunk implements RecomputedScan.Body {
  /** Muon's quintic (Jordan et al. 2024): x ↦ 3.4445 x - 4.7750 x³ + 2.0315 x⁵. */
  private static final double[] QUINTIC = {3.4445, -4.7750, 2.0315};

  private static final int ITERATIONS = 5;

  /** Under the root of a matrix's square sum, so that a zero step stays one. */
  private static final double ORTHOGONAL_EPS = 1e-14;

  private final MemoryRule rule;
  private final List<Layer> layers;
  private final List<String> parts = new ArrayList<>();
  private final boolean formed;

  /**
   * Chunks of a rule.
   *
   * @param formed whether weights at every token are formed
   */
  MemoryChunk(MemoryRule rule, int keys, int values, boolean formed) {
    this.rule = rule;
    this.layers = rule.network().layers(keys, values);
    rule.network().parts(keys, values).forEach(part -> parts.add(part.name()));
    this.formed = formed;
  }

  /** What a matrix costs to make orthogonal: its Gram matrix, that squared, and their product. */
  static long orthogonalMultiplyAdds(long in, long out) {
    long small = Math.min(in, out);
    long large = Math.max(in, out);
    return ITERATIONS * small * small * (2 * large + small);
  }

  @Override
  public RecomputedScan.Result run(Tape tape, RecomputedScan.Chunk chunk) {
    Run run = new Run(tape, chunk);
    return formed ? run.formed() : run.dual();
  }

  /**
   * What a query reads from a state, before the state moves on.
   *
   * @param queries {@code [B, H, 1, K]}
   * @param look ρ of a mini-batch, {@code [B, H, 1, 1]}, or null
   */
  Variable read(
      Tape tape,
      Variable queries,
      Variable look,
      Map<String, Variable> fixed,
      Map<String, Variable> state) {
    Map<String, Variable> weights = new LinkedHashMap<>();
    for (String part : parts) {
      Variable w = state.get(part);
      if (rule.algorithm().miniBatch()) {
        Variable carried = state.get(MemoryState.CARRIED + part);
        w = Primitives.add(tape, w, Primitives.multiply(tape, look, carried));
      }
      weights.put(part, rule.retention().held(tape, w));
    }
    Variable x = queries;
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      Variable w = weights.get(layer.weight());
      Variable z =
          layer.elementwise() ? Primitives.multiply(tape, x, w) : Primitives.matmul(tape, x, w);
      if (rule.network().biased()) {
        z = Primitives.add(tape, z, weights.get(layer.bias()));
      }
      x = activated(tape, i, z);
    }
    return InnerGradient.recall(
        tape, rule.network(), queries, x, Run.gain(tape, fixed), Run.offset(tape, fixed));
  }

  private Variable activated(Tape tape, int layer, Variable z) {
    return layer < layers.size() - 1 ? rule.network().activation().apply(tape, z) : z;
  }

  /** One chunk. */
  private final class Run {
    private final Tape tape;
    private final RecomputedScan.Chunk chunk;
    private final Variable valid;
    private final int slots;
    private final InnerGradient gradient;
    private final DataType type;

    Run(Tape tape, RecomputedScan.Chunk chunk) {
      this.tape = tape;
      this.chunk = chunk;
      this.valid = tape.constant(chunk.valid());
      this.slots = (int) chunk.valid().size(2);
      Variable keys = token(OptimiserMemoryRecurrence.KEY);
      this.type = keys.type();
      Map<String, Variable> weights = new LinkedHashMap<>();
      for (String part : parts) {
        Variable sums = state(rule.hasBase() ? MemoryState.BASE + part : part);
        weights.put(part, rule.retention().held(tape, sums));
      }
      this.gradient =
          InnerGradient.of(
              tape,
              rule,
              layers,
              weights,
              keys,
              token(OptimiserMemoryRecurrence.VALUE),
              token(OptimiserMemoryRecurrence.THRESHOLD),
              gain(tape, chunk.fixed()),
              offset(tape, chunk.fixed()));
    }

    static Variable gain(Tape tape, Map<String, Variable> fixed) {
      return perHead(tape, fixed.get(OptimiserMemoryRecurrence.NORM_WEIGHT));
    }

    static Variable offset(Tape tape, Map<String, Variable> fixed) {
      return perHead(tape, fixed.get(OptimiserMemoryRecurrence.NORM_BIAS));
    }

    private static Variable perHead(Tape tape, Variable x) {
      return x == null ? null : Primitives.reshape(tape, x, x.size(0), 1, x.size(1));
    }

    private Variable token(String name) {
      return chunk.tokens().get(name);
    }

    private Variable state(String name) {
      return chunk.state().get(name);
    }

    private Variable multiply(Variable x, Variable y) {
      return Primitives.multiply(tape, x, y);
    }

    private Variable add(Variable x, Variable y) {
      return Primitives.add(tape, x, y);
    }

    private Variable negate(Variable x) {
      return Primitives.map(tape, Unary.NEGATE, x);
    }

    /** The step θ, for local and global l2 as their closed form makes it. */
    private Variable step() {
      Variable theta = token(OptimiserMemoryRecurrence.STEP);
      return rule.retention() instanceof Retention.LocalGlobal
          ? Primitives.divide(tape, theta, pull())
          : theta;
    }

    /** {@code 1 + λ θ}. */
    private Variable pull() {
      Variable theta = token(OptimiserMemoryRecurrence.STEP);
      Variable lambda = token(OptimiserMemoryRecurrence.PULL);
      return Primitives.affine(tape, 1, multiply(theta, lambda), 1);
    }

    /** α {@code [B, H, C, 1]}. */
    private Variable retained() {
      if (rule.retention() instanceof Retention.LocalGlobal) {
        return Primitives.power(tape, pull(), -1);
      }
      return rule.retention().decays() ? token(OptimiserMemoryRecurrence.RETAINED) : ones();
    }

    private Variable momentum() {
      return rule.algorithm().hasMomentum() ? token(OptimiserMemoryRecurrence.MOMENTUM) : ones();
    }

    private Variable ones() {
      Variable theta = token(OptimiserMemoryRecurrence.STEP);
      INDArray ones = tape.allocate(type, theta.shape());
      ones.assign(1);
      return tape.constant(ones);
    }

    /** {@code [C, J]}: which tokens are in whose window. */
    private Variable window() {
      int history = rule.history();
      INDArray band = tape.allocate(type, slots, slots + history);
      band.assign(0);
      for (int t = 0; t < slots; t++) {
        for (int j = t; j <= t + history; j++) {
          band.putScalar(t, j, 1);
        }
      }
      return tape.constant(band);
    }

    /** A column of numbers of tokens as a row. */
    private Variable row(Variable column) {
      return Primitives.reshape(tape, column, column.size(0), column.size(1), 1, column.size(2));
    }

    /** What is left of the start at every token: {@code Π_{r ≤ t} a_r}. */
    private Variable sinceStart(Variable products, Variable factors) {
      return multiply(
          Primitives.slice(tape, products, 3, 0, 1), Primitives.slice(tape, factors, 2, 0, 1));
    }

    RecomputedScan.Result dual() {
      InnerAlgorithm algorithm = rule.algorithm();
      Variable retained = null;
      Variable carriedFromStart = null;
      Variable carried = negate(row(step()));
      if (algorithm.carries()) {
        Variable factors = momentum();
        Variable products = LinearScan.products(tape, factors);
        carriedFromStart = sinceStart(products, factors);
        carried = multiply(products, carried);
      }
      Variable startShare;
      Variable carriedShare = null;
      Variable shares;
      if (algorithm.miniBatch()) {
        Variable look = token(OptimiserMemoryRecurrence.LOOK);
        startShare = null;
        carriedShare = look;
        shares = multiply(look, carried);
      } else {
        retained = retained();
        Variable products = LinearScan.products(tape, retained);
        startShare = sinceStart(products, retained);
        if (algorithm.carries()) {
          carriedShare = Primitives.matmul(tape, products, multiply(valid, carriedFromStart));
          shares = Primitives.matmul(tape, products, multiply(valid, carried));
        } else {
          shares = multiply(products, carried);
        }
      }
      if (algorithm.window() > 1) {
        Variable window = window();
        Variable weight = row(token(OptimiserMemoryRecurrence.WINDOW));
        shares = multiply(Primitives.matmul(tape, shares, window), weight);
        carried =
            algorithm.carries()
                ? multiply(Primitives.matmul(tape, carried, window), weight)
                : carried;
      }
      Variable outputs = dualRead(startShare, carriedShare, shares);
      Map<String, Variable> next =
          algorithm.miniBatch()
              ? miniBatchState(last(carriedFromStart), last(carried))
              : dualState(
                  last(startShare),
                  last(carriedShare),
                  last(shares),
                  last(carriedFromStart),
                  algorithm.carries() ? last(carried) : null);
      return new RecomputedScan.Result(outputs, next);
    }

    private Variable last(Variable x) {
      return x == null ? null : Primitives.slice(tape, x, 2, slots - 1, slots);
    }

    private Variable dualRead(Variable startShare, Variable carriedShare, Variable shares) {
      Variable queries = token(OptimiserMemoryRecurrence.QUERY);
      Variable x = queries;
      for (int i = 0; i < layers.size(); i++) {
        Layer layer = layers.get(i);
        Variable slopes = gradient.slopes().get(i);
        Variable inputs = gradient.inputs().get(i);
        if (layer.elementwise()) {
          Variable learned = Primitives.matmul(tape, shares, multiply(inputs, slopes));
          Variable w = combine(startShare, state(layer.weight()), learned);
          Variable s = carriedPart(layer.weight());
          x = multiply(x, s == null ? w : add(w, multiply(carriedShare, s)));
          continue;
        }
        Variable seen = Primitives.matmul(tape, x, inputs, false, true);
        if (rule.network().biased()) {
          // The bias sees a key of 1.
          seen = Primitives.affine(tape, 1, seen, 1);
        }
        List<ScaledProducts.Term> terms = new ArrayList<>();
        terms.add(new ScaledProducts.Term(startShare, x, state(layer.weight())));
        if (rule.algorithm().carries()) {
          Variable carried = state(MemoryState.CARRIED + layer.weight());
          terms.add(new ScaledProducts.Term(carriedShare, x, carried));
        }
        terms.add(new ScaledProducts.Term(null, multiply(shares, seen), slopes));
        Variable z = ScaledProducts.sum(tape, terms);
        if (rule.network().biased()) {
          z = add(z, biases(layer, startShare, carriedShare));
        }
        if (rule.scales()) {
          z = multiply(z, scale(layer, inputs, slopes));
        }
        x = activated(tape, i, z);
      }
      return recall(queries, x);
    }

    /** What makes weights of sums at every token, {@code [B, H, C, 1]}. */
    private Variable scale(Layer layer, Variable inputs, Variable slopes) {
      Retention.Lq leader = (Retention.Lq) rule.retention();
      Variable moved = multiply(negate(step()), slopes);
      Variable start = state(layer.weight());
      return leader.factor(
          tape, RunningPower.run(tape, retained(), inputs, moved, start, leader.q()));
    }

    private Variable combine(Variable share, Variable start, Variable learned) {
      return add(share == null ? start : multiply(share, start), learned);
    }

    private Variable carriedPart(String part) {
      return rule.algorithm().carries() ? state(MemoryState.CARRIED + part) : null;
    }

    /** The biases at every token, but for what the chunk's own tokens do. */
    private Variable biases(Layer layer, Variable startShare, Variable carriedShare) {
      Variable b = state(layer.bias());
      Variable kept = startShare == null ? b : multiply(startShare, b);
      Variable s = carriedPart(layer.bias());
      return s == null ? kept : add(kept, multiply(carriedShare, s));
    }

    private Variable recall(Variable queries, Variable z) {
      return InnerGradient.recall(
          tape, rule.network(), queries, z, gain(tape, chunk.fixed()), offset(tape, chunk.fixed()));
    }

    /**
     * A part and what of it is left, moved by the sum of all tokens' gradients by weights.
     *
     * @param share of the part, {@code [B, H, 1, 1]}, or null for all
     * @param carriedShare of what the optimiser carries for it; null for none
     * @param weights {@code [B, H, 1, J]}
     */
    private Variable moved(
        String part, String from, Variable share, Variable carriedShare, Variable weights) {
      for (int i = 0; i < layers.size(); i++) {
        Layer layer = layers.get(i);
        Variable slopes = gradient.slopes().get(i);
        Variable inputs = gradient.inputs().get(i);
        boolean isBias = part.equals(layer.bias()) && rule.network().biased();
        if (isBias || (layer.elementwise() && part.equals(layer.weight()))) {
          Variable gradients = isBias ? slopes : multiply(inputs, slopes);
          Variable sum = combine(share, state(from), Primitives.matmul(tape, weights, gradients));
          return carriedShare == null
              ? sum
              : add(sum, multiply(carriedShare, state(MemoryState.CARRIED + part)));
        }
        if (part.equals(layer.weight())) {
          List<MovedMatrix.Kept> kept = new ArrayList<>();
          kept.add(new MovedMatrix.Kept(share, state(from)));
          if (carriedShare != null) {
            kept.add(new MovedMatrix.Kept(carriedShare, state(MemoryState.CARRIED + part)));
          }
          return MovedMatrix.of(tape, kept, weights, inputs, slopes);
        }
      }
      throw new AssertionError(part);
    }

    private Map<String, Variable> dualState(
        Variable startShare,
        Variable carriedShare,
        Variable shares,
        Variable carriedFromStart,
        Variable carried) {
      Map<String, Variable> next = new LinkedHashMap<>();
      for (String part : parts) {
        if (carried != null) {
          String s = MemoryState.CARRIED + part;
          next.put(s, moved(part, s, carriedFromStart, null, carried));
        }
        next.put(part, moved(part, part, startShare, carriedShare, shares));
      }
      return withBase(next);
    }

    private Map<String, Variable> miniBatchState(Variable fromStart, Variable weights) {
      Map<String, Variable> next = new LinkedHashMap<>();
      for (String part : parts) {
        Variable s = moved(part, MemoryState.CARRIED + part, fromStart, null, weights);
        endMiniBatch(part, s, next);
      }
      return next;
    }

    /** Where a mini-batch ends, its steps are taken. */
    private void endMiniBatch(String part, Variable s, Map<String, Variable> next) {
      Variable look = last(token(OptimiserMemoryRecurrence.LOOK));
      Variable moved = add(state(part), multiply(look, s));
      next.put(part, whereComplete(moved, state(part)));
      next.put(MemoryState.CARRIED + part, whereComplete(Primitives.zerosLike(tape, s), s));
    }

    /** One of two in each row; where all rows agree, which is the rule, without a copy. */
    private Variable whereComplete(Variable complete, Variable otherwise) {
      INDArray rows = chunk.complete();
      if (Replay.isRecording()) {
        // A step that is repeated can't decide.
        return Primitives.where(tape, rows, complete, otherwise);
      }
      long ended = 0;
      for (long b = 0; b < rows.length(); b++) {
        ended += rows.getDouble(b) != 0 ? 1 : 0;
      }
      return ended == rows.length()
          ? complete
          : ended == 0 ? otherwise : Primitives.where(tape, rows, complete, otherwise);
    }

    /** Where a chunk ends, gradients are taken anew. */
    private Map<String, Variable> withBase(Map<String, Variable> next) {
      if (rule.hasBase()) {
        for (String part : parts) {
          String base = MemoryState.BASE + part;
          next.put(base, whereComplete(next.get(part), state(base)));
        }
      }
      return next;
    }

    RecomputedScan.Result formed() {
      Map<String, Variable> next = new LinkedHashMap<>();
      Map<String, Variable> weights = new LinkedHashMap<>();
      for (String part : parts) {
        weights.put(part, along(part, next));
      }
      Variable queries = token(OptimiserMemoryRecurrence.QUERY);
      Variable x = queries;
      for (int i = 0; i < layers.size(); i++) {
        x = activated(tape, i, formedLayer(layers.get(i), weights, x));
      }
      return new RecomputedScan.Result(recall(queries, x), withBase(next));
    }

    private Variable formedLayer(Layer layer, Map<String, Variable> weights, Variable x) {
      // One row per token: [B, H, C, 1, I].
      Variable rows = Primitives.reshape(tape, x, x.size(0), x.size(1), x.size(2), 1, x.size(3));
      Variable w = weights.get(layer.weight());
      Variable z = layer.elementwise() ? multiply(rows, w) : Primitives.matmul(tape, rows, w);
      if (rule.network().biased()) {
        z = add(z, weights.get(layer.bias()));
      }
      return Primitives.reshape(tape, z, x.size(0), x.size(1), x.size(2), layer.out());
    }

    /** The weights of a part at every token, {@code [B, H, C, I, O]}, and its next state. */
    private Variable along(String part, Map<String, Variable> next) {
      InnerAlgorithm algorithm = rule.algorithm();
      Variable gradients = windowed(tokenGradients(part));
      Variable theta = perToken(step());
      Variable sums = state(part);
      // Slots without a token have tokens in their windows all the same.
      Variable scale = algorithm.orthogonal() ? perToken(valid) : theta;
      Variable steps = negate(multiply(scale, gradients));
      if (algorithm.carries()) {
        steps = LinearScan.run(tape, momentum(), steps, state(MemoryState.CARRIED + part), null);
        Variable s = lastToken(steps);
        if (algorithm.miniBatch()) {
          endMiniBatch(part, s, next);
          Variable look = perToken(token(OptimiserMemoryRecurrence.LOOK));
          return add(oneMore(sums), multiply(look, steps));
        }
        next.put(MemoryState.CARRIED + part, s);
        if (algorithm.orthogonal()) {
          steps = multiply(theta, orthogonalised(steps));
        }
        steps = multiply(perToken(valid), steps);
      }
      Variable moved =
          LinearScan.run(
              tape,
              retained(),
              steps,
              sums,
              rule.retention() instanceof Retention.ElasticNet
                  ? token(OptimiserMemoryRecurrence.SHRINKAGE)
                  : null);
      next.put(part, rule.retention().settled(tape, lastToken(moved)));
      return rule.retention().weights(tape, moved);
    }

    private Variable lastToken(Variable x) {
      Variable last = Primitives.slice(tape, x, 2, slots - 1, slots);
      return Primitives.reshape(tape, last, x.size(0), x.size(1), x.size(3), x.size(4));
    }

    /** {@code [B, H, I, O]} as {@code [B, H, 1, I, O]}. */
    private Variable oneMore(Variable x) {
      return Primitives.reshape(tape, x, x.size(0), x.size(1), 1, x.size(2), x.size(3));
    }

    /** {@code [B, ., J, 1]} as {@code [B, ., J, 1, 1]}. */
    private Variable perToken(Variable x) {
      return Primitives.reshape(tape, x, x.size(0), x.size(1), x.size(2), 1, 1);
    }

    /** The gradient of every token in a part, {@code [B, H, J, I, O]}. */
    private Variable tokenGradients(String part) {
      for (int i = 0; i < layers.size(); i++) {
        Layer layer = layers.get(i);
        Variable slopes = gradient.slopes().get(i);
        Variable inputs = gradient.inputs().get(i);
        Variable right = rows(slopes);
        if (part.equals(layer.bias()) && rule.network().biased()) {
          return right;
        }
        if (part.equals(layer.weight())) {
          return layer.elementwise()
              ? multiply(rows(inputs), right)
              : multiply(
                  Primitives.reshape(
                      tape,
                      inputs,
                      inputs.size(0),
                      inputs.size(1),
                      inputs.size(2),
                      inputs.size(3),
                      1),
                  right);
        }
      }
      throw new AssertionError(part);
    }

    private Variable rows(Variable x) {
      return Primitives.reshape(tape, x, x.size(0), x.size(1), x.size(2), 1, x.size(3));
    }

    /** Sums over windows, {@code [B, H, C, I, O]}. */
    private Variable windowed(Variable gradients) {
      if (rule.algorithm().window() == 1) {
        return gradients;
      }
      Variable weighted = multiply(perToken(token(OptimiserMemoryRecurrence.WINDOW)), gradients);
      long in = gradients.size(3);
      long out = gradients.size(4);
      Variable flat =
          Primitives.reshape(
              tape, weighted, gradients.size(0), gradients.size(1), gradients.size(2), in * out);
      Variable summed = Primitives.matmul(tape, window(), flat);
      return Primitives.reshape(tape, summed, gradients.size(0), gradients.size(1), slots, in, out);
    }

    /** Newton and Schulz's iteration on matrices of norm at most 1. */
    private Variable orthogonalised(Variable s) {
      Variable total =
          Primitives.sum(
              tape,
              Primitives.sum(tape, Primitives.map(tape, Unary.SQUARE, s), -1, true),
              -2,
              true);
      Variable x =
          multiply(
              s, Primitives.power(tape, Primitives.affine(tape, 1, total, ORTHOGONAL_EPS), -0.5));
      boolean tall = s.size(3) > s.size(4);
      for (int i = 0; i < ITERATIONS; i++) {
        Variable gram = Primitives.matmul(tape, x, x, tall, !tall);
        Variable square = Primitives.matmul(tape, gram, gram);
        Variable polynomial =
            add(
                Primitives.affine(tape, QUINTIC[1], gram, 0),
                Primitives.affine(tape, QUINTIC[2], square, 0));
        Variable bent =
            tall ? Primitives.matmul(tape, x, polynomial) : Primitives.matmul(tape, polynomial, x);
        x = add(Primitives.affine(tape, QUINTIC[0], x, 0), bent);
      }
      return x;
    }
  }
}
