package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.models.ngram.NgramHead;
import java.util.Map;

/** Look-ups of the reference vectors. */
final class LookupOperators {
  private LookupOperators() {}

  static Map<String, Operator> all() {
    return Map.of("ngram_head", LookupOperators::ngramHead);
  }

  private static Map<String, Variable> ngramHead(Tape tape, Case c, Inputs in) {
    Variable hidden = in.get("input.hidden");
    Variable head =
        NgramHead.matched(tape, in.get("input.ids").value(), hidden, (int) c.number("n"));
    Variable y = Primitives.add(tape, linear(tape, head, in, "t0"), linear(tape, hidden, in, "t1"));
    return Map.of("output.head", head, "output.y", y);
  }

  private static Variable linear(Tape tape, Variable x, Inputs in, String name) {
    return Dense.linearTransposed(
        tape, x, in.get("parameter." + name + ".weight"), in.get("parameter." + name + ".bias"));
  }
}
