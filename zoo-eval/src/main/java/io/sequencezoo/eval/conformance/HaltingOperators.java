package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.op.AdaptiveHalting;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Adaptive computation time of the reference vectors. */
final class HaltingOperators {
  private HaltingOperators() {}

  static Map<String, Operator> all() {
    return Map.of("act_halting", HaltingOperators::halting);
  }

  private static Map<String, Variable> halting(Tape tape, Case c, Inputs in) {
    boolean sums = c.config().path("act_type").asText().equals("accumulated");
    AdaptiveHalting.Rule rule =
        new AdaptiveHalting.Rule(
            sums ? AdaptiveHalting.Form.SUM : AdaptiveHalting.Form.BLEND,
            1 - c.number("epsilon"),
            false);
    AdaptiveHalting.Result result =
        AdaptiveHalting.apply(
            tape,
            rule,
            steps(tape, in.get("input.halting_logits")),
            steps(tape, in.get("input.candidates")));
    return Map.of(
        "output.state", result.state(),
        "output.remainder", result.remainder(),
        "output.n_updates", result.steps());
  }

  /** {@code [B, T, N, ...]} as N of {@code [B, T, ...]}. */
  private static List<Variable> steps(Tape tape, Variable all) {
    List<Variable> steps = new ArrayList<>();
    for (int n = 0; n < all.size(2); n++) {
      Variable one = Primitives.slice(tape, all, 2, n, n + 1L);
      steps.add(
          all.rank() == 3
              ? Primitives.reshape(tape, one, all.size(0), all.size(1))
              : Primitives.reshape(tape, one, all.size(0), all.size(1), all.size(3)));
    }
    return steps;
  }
}
