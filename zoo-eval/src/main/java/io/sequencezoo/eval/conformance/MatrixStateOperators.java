package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.matrix.RidgeRecurrence;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Activations;
import io.sequencezoo.core.op.SsdInputs;
import io.sequencezoo.models.levels.LogLinearOperators;
import io.sequencezoo.models.matrix.DeltaOperators;
import io.sequencezoo.models.matrix.LinearOperators;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The matrix-state family of the reference vectors, by the solvers that training uses. */
final class MatrixStateOperators {
  /** More than conjugate gradients need at the sizes of reference vectors. */
  private static final int EXACT_ITERATIONS = 100;

  private MatrixStateOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>();
    all.put("linear_attention", MatrixStateOperators::linearAttention);
    all.put("gated_linear_attention", MatrixStateOperators::gatedLinearAttention);
    all.put("simple_gated_linear_attention", MatrixStateOperators::gatedLinearAttention);
    all.put("retention", MatrixStateOperators::retention);
    all.put("lightnet", MatrixStateOperators::lightnet);
    all.put("hgrn2", MatrixStateOperators::hgrn2);
    all.put("ssd", MatrixStateOperators::ssd);
    all.put("delta_rule", corrected(DeltaOperators::deltaRule));
    all.put("gated_delta_rule", corrected(DeltaOperators::deltaRule));
    all.put("kimi_delta_attention", corrected(DeltaOperators::deltaRule));
    all.put("gated_delta_product", corrected(DeltaOperators::deltaProduct));
    all.put("dplr_delta_rule", MatrixStateOperators::lowRank);
    all.put("gated_delta_rule_2", MatrixStateOperators::gatedDeltaRule2);
    all.put("comba", MatrixStateOperators::comba);
    all.put("rwkv6", MatrixStateOperators::rwkv6);
    all.put("mlstm", MatrixStateOperators::mlstm);
    all.put("log_linear_attention", MatrixStateOperators::logLinearAttention);
    all.put("mamba3", MatrixStateOperators::mamba3);
    all.put("gated_slot_attention", MatrixStateOperators::gatedSlotAttention);
    all.put("mesa_net", MatrixStateOperators::mesaNet);
    return all;
  }

  private static Map<String, Variable> linearAttention(Tape tape, Case c, Inputs in) {
    boolean normalised = c.flag("normalize");
    Read r = normalised ? Read.of(c, in, "S", "z") : Read.of(c, in, "S");
    return Evolutions.outputs(
        "o",
        normalised
            ? LinearOperators.normalisedLinearAttention(
                tape, Solver.AUTO, r.q, r.k, r.v, r.initial, r.scale, c.number("normalizer_eps"))
            : LinearOperators.linearAttention(
                tape, Solver.AUTO, r.q, r.k, r.v, r.initial, r.scale));
  }

  private static Map<String, Variable> gatedLinearAttention(Tape tape, Case c, Inputs in) {
    Read r = Read.of(c, in, "S");
    return Evolutions.outputs(
        "o",
        LinearOperators.gatedLinearAttention(
            tape, Solver.AUTO, r.q, r.k, r.v, in.get("input.g"), r.initial, r.scale));
  }

  private static Map<String, Variable> retention(Tape tape, Case c, Inputs in) {
    Read r = Read.of(c, in, "S");
    return Evolutions.outputs(
        "o", LinearOperators.retention(tape, Solver.AUTO, r.q, r.k, r.v, r.initial, r.scale));
  }

  private static Map<String, Variable> lightnet(Tape tape, Case c, Inputs in) {
    Read r = Read.of(c, in, "S", "z");
    return Evolutions.outputs(
        "o", LinearOperators.lightnet(tape, Solver.AUTO, r.q, r.k, r.v, r.initial, r.scale));
  }

  /**
   * From steps and rates back to what the layer makes them of; the vectors' state is {@code [B, H,
   * P, N]}, transposed.
   */
  private static Map<String, Variable> ssd(Tape tape, Case c, Inputs in) {
    Variable x = in.get("input.x");
    Variable b = in.get("input.B");
    Variable cs = in.get("input.C");
    State given = Evolutions.initial(in, "S");
    Evolution evolution =
        LinearOperators.ssd(
            tape,
            Solver.AUTO,
            Primitives.concat(tape, 2, joined(tape, x), joined(tape, b), joined(tape, cs)),
            InverseSoftplus.apply(tape, in.get("input.dt")),
            tape.constant(tape.zeros(x.type(), x.size(2))),
            Primitives.map(
                tape, Unary.LOG, Primitives.map(tape, Unary.NEGATE, in.get("parameter.A"))),
            new SsdInputs.Shape(
                x.size(2), x.size(3), b.size(2), b.size(3), 0, Double.POSITIVE_INFINITY),
            in.optional("parameter.D"),
            given == null ? null : transposed(tape, given));
    return Evolutions.outputs(
        "y", new Evolution(evolution.outputs(), transposed(tape, evolution.state())));
  }

  private static Variable joined(Tape tape, Variable x) {
    return Primitives.reshape(tape, x, x.size(0), x.size(1), (long) x.size(2) * x.size(3));
  }

  private static State transposed(Tape tape, State state) {
    return new State(
        Map.of("S", Primitives.permute(tape, state.get("S"), 0, 1, 3, 2)), state.consumed());
  }

  private static Map<String, Variable> hgrn2(Tape tape, Case c, Inputs in) {
    return Evolutions.outputs(
        "o",
        LinearOperators.hgrn2(
            tape,
            Solver.AUTO,
            in.get("input.q"),
            in.get("input.f"),
            in.get("input.v"),
            in.optional("parameter.lower_bound"),
            Evolutions.initial(in, "S"),
            c.number("scale")));
  }

  /** Corrects at a rate, after a decay or without. */
  @FunctionalInterface
  private interface Correction {
    Evolution evolve(
        Tape tape,
        Solver solver,
        Variable q,
        Variable k,
        Variable v,
        Variable beta,
        @Nullable Variable g,
        @Nullable State initial,
        double scale);
  }

  private static Operator corrected(Correction correction) {
    return (tape, c, in) -> {
      Read r = Read.of(c, in, "S");
      Variable beta = in.get("input.beta");
      Variable g = in.optional("input.g");
      return Evolutions.outputs(
          "o", correction.evolve(tape, Solver.AUTO, r.q, r.k, r.v, beta, g, r.initial, r.scale));
    };
  }

  private static Map<String, Variable> lowRank(Tape tape, Case c, Inputs in) {
    Read r = Read.of(c, in, "S");
    Variable a = in.get("input.a");
    Variable b = in.get("input.b");
    Variable g = in.get("input.g");
    return Evolutions.outputs(
        "o", DeltaOperators.lowRank(tape, Solver.AUTO, r.q, r.k, r.v, a, b, g, r.initial, r.scale));
  }

  private static Map<String, Variable> gatedDeltaRule2(Tape tape, Case c, Inputs in) {
    Read r = Read.of(c, in, "S");
    Variable g = in.get("input.g");
    Variable b = in.get("input.b");
    Variable w = in.get("input.w");
    return Evolutions.outputs(
        "o",
        DeltaOperators.gatedDeltaRule2(
            tape, Solver.AUTO, r.q, r.k, r.v, g, b, w, r.initial, r.scale));
  }

  private static Map<String, Variable> comba(Tape tape, Case c, Inputs in) {
    Read r = Read.of(c, in, "S");
    Variable p = in.get("input.p");
    Variable beta = in.get("input.beta");
    Variable g = in.get("input.g");
    return Evolutions.outputs(
        "o",
        DeltaOperators.comba(tape, Solver.AUTO, r.q, r.k, r.v, p, beta, g, r.initial, r.scale));
  }

  private static Map<String, Variable> rwkv6(Tape tape, Case c, Inputs in) {
    return Evolutions.outputs(
        "o",
        LinearOperators.rwkv6(
            tape,
            Solver.AUTO,
            in.get("input.r"),
            in.get("input.k"),
            in.get("input.v"),
            in.get("input.w"),
            in.get("parameter.u"),
            Evolutions.initial(in, "S"),
            c.number("scale")));
  }

  private static Map<String, Variable> mlstm(Tape tape, Case c, Inputs in) {
    Read r = Read.of(c, in, "C", "n", "m");
    return Evolutions.outputs(
        "h",
        LinearOperators.mlstm(
            tape,
            Solver.AUTO,
            r.q,
            r.k,
            r.v,
            in.get("input.i"),
            in.get("input.f"),
            r.initial,
            r.scale,
            c.number("eps")));
  }

  /** The vectors' state is {@code [B, H, P, N]}, transposed; their gate follows the operator. */
  private static Map<String, Variable> mamba3(Tape tape, Case c, Inputs in) {
    Variable x = in.get("input.x");
    Variable z = in.optional("input.z");
    State given = Evolutions.initial(in, "S", "angle", "b", "x");
    Evolution evolution =
        LinearOperators.mamba3(
            tape,
            Solver.AUTO,
            x,
            biased(tape, in.get("input.B"), in.get("parameter.B_bias")),
            biased(tape, in.get("input.C"), in.get("parameter.C_bias")),
            in.get("input.dt"),
            in.get("input.adt"),
            in.get("input.trap"),
            in.get("input.angles"),
            in.optional("parameter.D"),
            given == null ? null : withTransposed(tape, given));
    Variable y = evolution.outputs();
    return Evolutions.outputs(
        "y",
        new Evolution(
            z == null ? y : Activations.gated(tape, Unary.SILU, z, y),
            withTransposed(tape, evolution.state())));
  }

  private static Variable biased(Tape tape, Variable groups, Variable bias) {
    Variable heads = Primitives.repeat(tape, groups, 2, bias.size(0) / groups.size(2));
    return Primitives.add(tape, heads, bias);
  }

  private static State withTransposed(Tape tape, State state) {
    Map<String, Variable> parts = new TreeMap<>(state.parts());
    parts.put("S", Primitives.permute(tape, state.get("S"), 0, 1, 3, 2));
    return new State(parts, state.consumed());
  }

  private static Map<String, Variable> logLinearAttention(Tape tape, Case c, Inputs in) {
    Evolution evolution =
        LogLinearOperators.logLinearAttention(
            tape,
            Solver.AUTO,
            in.get("input.q"),
            in.get("input.k"),
            in.get("input.v"),
            in.get("input.g"),
            in.get("input.lambda"));
    return Map.of("output.o", evolution.outputs());
  }

  private static Map<String, Variable> gatedSlotAttention(Tape tape, Case c, Inputs in) {
    Read r = Read.of(c, in, "Sk", "Sv");
    Variable s = in.get("input.s");
    Variable g = in.get("input.g");
    return Evolutions.outputs(
        "o",
        LinearOperators.gatedSlotAttention(
            tape, Solver.AUTO, r.q, r.k, r.v, s, g, r.initial, r.scale));
  }

  /** What almost all of them take. */
  private record Read(Variable q, Variable k, Variable v, @Nullable State initial, double scale) {
    /** Of a case, whose state has these parts. */
    static Read of(Case c, Inputs in, String... parts) {
      return new Read(
          in.get("input.q"),
          in.get("input.k"),
          in.get("input.v"),
          Evolutions.initial(in, parts),
          c.number("scale"));
    }
  }

  /** With as many iterations as it takes: the reference solves exactly. */
  private static Map<String, Variable> mesaNet(Tape tape, Case c, Inputs in) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    for (String name : new String[] {"q", "k", "v", "beta", "g"}) {
      coefficients.put(name, in.get("input." + name));
    }
    coefficients.put(RidgeRecurrence.RIDGE, in.get("parameter.lambda"));
    State initial = Evolutions.initial(in, RidgeRecurrence.KEYS, RidgeRecurrence.VALUES);
    return Evolutions.outputs(
        "o",
        new RidgeRecurrence(EXACT_ITERATIONS)
            .evolve(tape, Solver.AUTO, coefficients, initial, null));
  }
}
