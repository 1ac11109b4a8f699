package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.memory.AttentionalBias;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm;
import io.sequencezoo.core.dynamics.memory.InnerAlgorithm.Kind;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork;
import io.sequencezoo.core.dynamics.memory.MemoryRule;
import io.sequencezoo.core.dynamics.memory.OptimiserMemoryRecurrence;
import io.sequencezoo.core.dynamics.memory.Retention;
import io.sequencezoo.core.kernel.Unary;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The memories of the reference vectors. Most of these have column vectors and matrices {@code [V,
 * K]}, the zoo has rows and {@code [K, V]}.
 */
final class MemoryOperators {
  private static final String WEIGHTS = "W";
  private static final String CARRIED = "S_W";

  private MemoryOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>();
    all.put("titans_linear", MemoryOperators::titans);
    all.put("ttt_linear", MemoryOperators::ttt);
    all.put("moneta", MemoryOperators::moneta);
    all.put("yaad", MemoryOperators::yaad);
    all.put("memora", MemoryOperators::memora);
    return all;
  }

  private static MemoryRule perToken(AttentionalBias bias, Retention retention, Kind kind) {
    return new MemoryRule(
        MemoryNetwork.linear(), bias, retention, InnerAlgorithm.of(kind), /* chunk= */ 1);
  }

  private static Map<String, Variable> coefficients(Inputs in) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    for (String name : new String[] {"q", "k", "v"}) {
      coefficients.put(name, in.get("input." + name));
    }
    return coefficients;
  }

  private static Variable transposed(Tape tape, Variable x) {
    return Primitives.permute(tape, x, 0, 1, 3, 2);
  }

  private static State state(Map<String, Variable> parts) {
    return new State(parts, new int[Recurrence.required(parts, WEIGHTS).size(0)]);
  }

  private static Evolution evolve(
      Tape tape, MemoryRule rule, Map<String, Variable> coefficients, @Nullable State initial) {
    return new OptimiserMemoryRecurrence(rule)
        .evolve(tape, Solver.AUTO, coefficients, initial, null);
  }

  /** The vectors' α is what is forgotten, and their loss has no factor of a half. */
  private static Map<String, Variable> titans(Tape tape, Case c, Inputs in) {
    Map<String, Variable> coefficients = coefficients(in);
    coefficients.put("alpha", Primitives.affine(tape, -1, in.get("input.alpha"), 1));
    coefficients.put("eta", in.get("input.eta"));
    coefficients.put(
        "theta", Primitives.affine(tape, c.number("gradient_factor"), in.get("input.theta"), 0));
    Variable m = in.optional("state.initial.M");
    State initial =
        m == null
            ? null
            : state(
                Map.of(
                    WEIGHTS,
                    transposed(tape, m),
                    CARRIED,
                    transposed(tape, in.get("state.initial.S"))));
    Evolution evolution =
        evolve(
            tape,
            perToken(new AttentionalBias.L2(), new Retention.Decay(), Kind.MOMENTUM),
            coefficients,
            initial);
    return Map.of(
        "output.y",
        evolution.outputs(),
        "state.final.M",
        transposed(tape, evolution.state().get(WEIGHTS)),
        "state.final.S",
        transposed(tape, evolution.state().get(CARRIED)));
  }

  private static Map<String, Variable> ttt(Tape tape, Case c, Inputs in) {
    Map<String, Variable> coefficients = coefficients(in);
    Variable eta = in.get("input.eta");
    INDArray ones = tape.allocate(eta.type(), eta.shape());
    ones.assign(1);
    coefficients.put("q", Primitives.affine(tape, c.number("scale"), in.get("input.q"), 0));
    coefficients.put("theta", tape.constant(ones));
    coefficients.put("rho", eta);
    coefficients.put("norm_weight", in.get("parameter.ln_weight"));
    coefficients.put("norm_bias", in.get("parameter.ln_bias"));
    MemoryNetwork network =
        new MemoryNetwork(
            MemoryNetwork.Form.LINEAR,
            /* depth= */ 1,
            /* expansion= */ 1,
            MemoryNetwork.linear().activation(),
            /* biased= */ true,
            MemoryNetwork.Residual.RECALL,
            c.number("eps"));
    MemoryRule rule =
        new MemoryRule(
            network,
            new AttentionalBias.L2(),
            new Retention.None(),
            InnerAlgorithm.of(Kind.MINI_BATCH),
            (int) c.number("mini_batch"));
    Variable w = in.get("state.initial.W");
    Map<String, Variable> parts =
        new LinkedHashMap<>(
            new OptimiserMemoryRecurrence(rule).initialState(coefficients, w.type()).parts());
    parts.put(WEIGHTS, w);
    Variable b = in.optional("state.initial.b");
    if (b != null) {
      parts.put("b", Primitives.reshape(tape, b, b.size(0), b.size(1), 1, b.size(2)));
    }
    Evolution evolution = evolve(tape, rule, coefficients, state(parts));
    Variable last = evolution.state().get("b");
    return Map.of(
        "output.o",
        evolution.outputs(),
        "state.final.W",
        evolution.state().get(WEIGHTS),
        "state.final.b",
        Primitives.reshape(tape, last, last.size(0), last.size(1), last.size(3)));
  }

  private static Map<String, Variable> moneta(Tape tape, Case c, Inputs in) {
    Map<String, Variable> coefficients = stepped(in);
    Variable a = transposed(tape, in.get("state.initial.A"));
    Evolution evolution =
        evolve(
            tape,
            perToken(
                new AttentionalBias.Lp(c.number("p")),
                new Retention.Lq(c.number("q")),
                Kind.DESCENT),
            coefficients,
            state(Map.of(WEIGHTS, a)));
    return Map.of(
        "output.y",
        evolution.outputs(),
        "state.final.A",
        transposed(tape, evolution.state().get(WEIGHTS)));
  }

  /** With the retained share, and η as the step. */
  private static Map<String, Variable> stepped(Inputs in) {
    Map<String, Variable> coefficients = coefficients(in);
    coefficients.put("alpha", in.get("input.alpha"));
    coefficients.put("theta", in.get("input.eta"));
    return coefficients;
  }

  private static Map<String, Variable> yaad(Tape tape, Case c, Inputs in) {
    Map<String, Variable> coefficients = stepped(in);
    coefficients.put("delta", in.get("input.delta"));
    MemoryRule rule = perToken(new AttentionalBias.Huber(), new Retention.Decay(), Kind.DESCENT);
    Variable w = in.optional("state.initial.W");
    State initial = w == null ? null : state(Map.of(WEIGHTS, transposed(tape, w)));
    Evolution evolution = evolve(tape, rule, coefficients, initial);
    return Map.of(
        "output.y",
        evolution.outputs(),
        "output.quadratic_branch",
        isQuadratic(tape, rule, coefficients, initial),
        "state.final.W",
        transposed(tape, evolution.state().get(WEIGHTS)));
  }

  /**
   * 1 where the error of what was recalled before the update is within δ: a memory whose queries
   * are the next token's keys recalls just that.
   */
  private static Variable isQuadratic(
      Tape tape, MemoryRule rule, Map<String, Variable> coefficients, @Nullable State initial) {
    Map<String, Variable> shifted = new LinkedHashMap<>(coefficients);
    Variable k = Recurrence.required(coefficients, "k");
    int steps = k.size(1);
    Variable ahead = Primitives.pad(tape, Primitives.slice(tape, k, 1, 1, steps), 1, 0, 1, 0);
    shifted.put("q", ahead);
    Variable recalled =
        Primitives.pad(
            tape,
            Primitives.slice(tape, evolve(tape, rule, shifted, initial).outputs(), 1, 0, steps - 1),
            1,
            1,
            0,
            0);
    if (initial != null) {
      // The first token meets the weights that are given.
      Variable first = Primitives.slice(tape, k, 1, 0, 1);
      Variable met =
          Primitives.matmul(
              tape, Primitives.permute(tape, first, 0, 2, 1, 3), initial.get(WEIGHTS));
      recalled =
          Primitives.add(
              tape,
              recalled,
              Primitives.pad(tape, Primitives.permute(tape, met, 0, 2, 1, 3), 1, 0, steps - 1, 0));
    }
    Variable e = Primitives.subtract(tape, recalled, Recurrence.required(coefficients, "v"));
    Variable length =
        Primitives.map(
            tape,
            Unary.SQRT,
            Primitives.sum(tape, Primitives.map(tape, Unary.SQUARE, e), -1, false));
    INDArray room = Recurrence.required(coefficients, "delta").value().sub(length.value());
    INDArray within = room.gte(0);
    return tape.constant(within.castTo(e.type()));
  }

  /** The zoo's state holds the logarithms of the weights. */
  private static Map<String, Variable> memora(Tape tape, Case c, Inputs in) {
    Map<String, Variable> coefficients = stepped(in);
    Retention.Entropy retention =
        new Retention.Entropy(
            c.number("c"), c.config().path("softmax_axis").asText().equals("matrix"));
    Variable logarithms =
        transposed(tape, Primitives.map(tape, Unary.LOG, in.get("state.initial.W")));
    Evolution evolution =
        evolve(
            tape,
            perToken(new AttentionalBias.L2(), retention, Kind.DESCENT),
            coefficients,
            state(Map.of(WEIGHTS, logarithms)));
    Variable weights = retention.held(tape, evolution.state().get(WEIGHTS));
    return Map.of("output.y", evolution.outputs(), "state.final.W", transposed(tape, weights));
  }
}
