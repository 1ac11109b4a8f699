package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Adaptive computation time: every position takes steps until its halting probabilities add up, and
 * what its steps made becomes one by their weights.
 *
 * <pre>{@code
 * p_n = σ(l_n);  position halts at the first n, K, with Σ_{m≤n} p_m > τ
 * R   = 1 - Σ_{m<K} p_m                             the remainder
 * w_n = p_n for n < K;  w_K = R;  w_n = 0 after
 * s   = Σ_n w_n c_n                                 sum (Graves, arXiv 1603.08983)
 * s_n = w_n c_n + (1 - w_n) s_{n-1},  s_0 = 0       blend (Tensor2Tensor)
 * }</pre>
 *
 * <p>Where no n ≤ N is enough, K is N with its remainder as Graves has it, or there is none, and
 * the weights add up to less than 1, as in Tensor2Tensor. When a position halts isn't
 * differentiated; the remainder is.
 */
public final class AdaptiveHalting {
  private AdaptiveHalting() {}

  /** How what the steps made becomes one. */
  public enum Form {
    /** Each step moves the result towards itself by its weight. */
    @JsonProperty("blend")
    BLEND,
    /** The weighted sum. */
    @JsonProperty("sum")
    SUM
  }

  /**
   * When positions halt, and what comes of their steps.
   *
   * @param form blend or sum
   * @param threshold τ in (0, 1)
   * @param remainderAtCap whether the last step of positions that never halt gets their remainder
   */
  public record Rule(Form form, double threshold, boolean remainderAtCap) {
    /** Checks the threshold. */
    public Rule {
      checkArgument(
          threshold > 0 && threshold < 1,
          "halting: threshold must be in (0, 1), got %s; use 0.99",
          threshold);
    }
  }

  /**
   * What came of all steps.
   *
   * @param state s, as one candidate
   * @param remainder R of every position, 0 of those that never got one, as one array of logits
   * @param steps how many steps every position took, as one array of logits; constant
   */
  public record Result(Variable state, Variable remainder, Variable steps) {}

  /**
   * Weighs what N steps made.
   *
   * @param logits {@code l_n [B, T, ...]}, one number per position, in the order of steps
   * @param candidates {@code c_n [B, T, D]}, as many
   */
  public static Result apply(
      Tape tape, Rule rule, List<Variable> logits, List<Variable> candidates) {
    HaltingWeights weights = new HaltingWeights(rule, (int) logits.get(0).length(), logits.size());
    logits.forEach(weights::advance);
    return apply(tape, weights, logits, candidates);
  }

  /** The same with weights that are known: all steps were taken by the very logits. */
  public static Result apply(
      Tape tape, HaltingWeights weights, List<Variable> logits, List<Variable> candidates) {
    Variable first = candidates.get(0);
    int width = first.size(-1);
    long positions = Tiles.rows(first, width);
    checkArgument(
        logits.size() == candidates.size()
            && logits.stream().allMatch(logit -> logit.length() == positions),
        "halting: needs a number per position of every step, got %s of %s for %s of %s positions",
        logits.size(),
        logits.isEmpty() ? 0 : logits.get(0).length(),
        candidates.size(),
        positions);
    Tiles.checkSameType("halting", first, candidates.toArray(new Variable[0]));
    Tiles.checkSameType("halting", first, logits.toArray(new Variable[0]));
    return new Steps<>(Precision.of(first.type()), weights.rule().form(), weights, width)
        .record(tape, logits, candidates);
  }

  private record Steps<A>(Precision<A> precision, Form form, HaltingWeights weights, int width) {

    Result record(Tape tape, List<Variable> logits, List<Variable> candidates) {
      Variable first = candidates.get(0);
      INDArray state = tape.allocate(first.type(), first.shape());
      Variable like = logits.get(0);
      INDArray remainder = tape.allocate(first.type(), like.shape());
      INDArray steps = tape.allocate(first.type(), like.shape());
      store(remainder, weights.remainders());
      store(steps, weights.steps());
      forward(slabs(candidates), precision.slab(state));
      List<Variable> inputs = new ArrayList<>(logits);
      inputs.addAll(candidates);
      Variable[] outputs =
          tape.record(
              new INDArray[] {state, remainder},
              cotangents -> backward(cotangents, slabs(candidates)),
              inputs.toArray(new Variable[0]));
      return new Result(outputs[0], outputs[1], tape.constant(steps));
    }

    private List<Slab<A>> slabs(List<Variable> variables) {
      return variables.stream().map(variable -> precision.slab(variable.value())).toList();
    }

    private void store(INDArray array, double[] values) {
      try (Scratch<A> scratch = precision.scratch()) {
        A tile = scratch.take(values.length);
        for (int i = 0; i < values.length; i++) {
          precision.kernels().set(tile, i, values[i]);
        }
        precision.slab(array).store(0, tile, 0, values.length);
      }
    }

    private void forward(List<Slab<A>> candidates, Slab<A> state) {
      Kernels<A> kernels = precision.kernels();
      Parallel.ranges(
          weights.positions(),
          Tiles.taskRows(width),
          (from, end) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              A sum = scratch.take(width);
              A candidate = scratch.take(width);
              for (int i = (int) from; i < end; i++) {
                kernels.fill(sum, 0, width, 0);
                for (int n = 0; n < weights.taken(i); n++) {
                  double w = weights.of(n, i);
                  candidates.get(n).load((long) i * width, candidate, 0, width);
                  if (form == Form.BLEND && n > 0) {
                    kernels.affine(1 - w, sum, 0, 0, sum, 0, width);
                  }
                  kernels.axpy(w, candidate, 0, sum, 0, width);
                }
                state.store((long) i * width, sum, 0, width);
              }
            }
          });
    }

    private void backward(Cotangents cotangents, List<Slab<A>> candidates) {
      int steps = weights.count();
      INDArray gradient = cotangents.outputOrZeros(0);
      Slab<A> gState = precision.slab(gradient);
      Slab<A> gRemainder = precision.slab(cotangents.outputOrZeros(1));
      List<Tiles.Target<A>> gLogits = new ArrayList<>();
      List<Tiles.Target<A>> gCandidates = new ArrayList<>();
      for (int n = 0; n < steps; n++) {
        gLogits.add(Tiles.target(precision, cotangents, n));
        gCandidates.add(Tiles.target(precision, cotangents, steps + n));
      }
      Parallel.ranges(
          weights.positions(),
          Tiles.taskRows(width),
          (from, end) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              Going going = new Going(scratch, (int) from, (int) end);
              gRemainder.load(from, going.remainders, 0, (int) (end - from));
              for (int i = (int) from; i < end; i++) {
                gState.load((long) i * width, going.gradient, 0, width);
                going.position(i, candidates, gCandidates);
              }
              going.storeLogits(gLogits);
            }
          });
    }

    /** Gradients of some positions. */
    private final class Going {
      private final Kernels<A> kernels = precision.kernels();
      private final int steps = weights.count();
      private final int from;
      private final int rows;
      private final A gradient;
      private final A remainders;
      private final A logits;
      private final A tile;
      private final A spare;
      private final double[] toWeight = new double[steps];

      Going(Scratch<A> scratch, int from, int end) {
        this.from = from;
        this.rows = end - from;
        this.gradient = scratch.take(width);
        this.remainders = scratch.take(rows);
        this.logits = scratch.zeros(steps * rows);
        this.tile = scratch.take(width);
        this.spare = scratch.take(Math.max(width, rows));
      }

      void position(int i, List<Slab<A>> candidates, List<Tiles.Target<A>> gCandidates) {
        long at = (long) i * width;
        int taken = weights.taken(i);
        // What s so far is under the cotangent, to know what a step replaced in a blend.
        double soFar = 0;
        for (int n = 0; n < taken; n++) {
          candidates.get(n).load(at, tile, 0, width);
          double own = kernels.dot(gradient, 0, tile, 0, width);
          toWeight[n] = own - (form == Form.BLEND ? soFar : 0);
          soFar += weights.of(n, i) * toWeight[n];
        }
        double kept = 1;
        for (int n = steps - 1; n >= 0; n--) {
          double w = n < taken ? weights.of(n, i) : 0;
          if (n < taken) {
            toWeight[n] *= kept;
          }
          if (gCandidates.get(n) != null) {
            kernels.affine(w * kept, gradient, 0, 0, tile, 0, width);
            gCandidates.get(n).put(kernels, at, tile, 0, spare, width);
          }
          kept *= form == Form.BLEND ? 1 - w : 1;
        }
        logits(i, taken);
      }

      private void logits(int i, int taken) {
        boolean has = weights.hasRemainder(i);
        int free = has ? taken - 1 : taken;
        double toRemainder = has ? toWeight[taken - 1] + kernels.get(remainders, i - from) : 0;
        for (int n = 0; n < free; n++) {
          double p = weights.of(n, i);
          kernels.set(logits, n * rows + i - from, (toWeight[n] - toRemainder) * p * (1 - p));
        }
      }

      void storeLogits(List<Tiles.Target<A>> gLogits) {
        for (int n = 0; n < steps; n++) {
          if (gLogits.get(n) != null) {
            gLogits.get(n).put(kernels, from, logits, n * rows, spare, rows);
          }
        }
      }
    }
  }
}
