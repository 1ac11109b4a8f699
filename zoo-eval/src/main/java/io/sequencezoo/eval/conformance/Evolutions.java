package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Initial and final states under the names of the reference vectors. */
final class Evolutions {
  private static final String FINAL = "state.final.";
  private static final String INITIAL = "state.initial.";

  private Evolutions() {}

  /** The state of these parts, or null where the case starts from the operator's own. */
  static @Nullable State initial(Inputs in, String... parts) {
    if (in.optional(INITIAL + parts[0]) == null) {
      return null;
    }
    Map<String, Variable> state = new LinkedHashMap<>();
    for (String part : parts) {
      state.put(part, in.get(INITIAL + part));
    }
    return new State(state, new int[in.get(INITIAL + parts[0]).size(0)]);
  }

  /** Outputs and final state under the names of the reference vectors. */
  static Map<String, Variable> outputs(String name, Evolution evolution) {
    Map<String, Variable> outputs = new LinkedHashMap<>();
    outputs.put("output." + name, evolution.outputs());
    evolution.state().parts().forEach((part, value) -> outputs.put(FINAL + part, value));
    return outputs;
  }
}
