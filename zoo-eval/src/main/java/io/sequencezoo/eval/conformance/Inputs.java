package io.sequencezoo.eval.conformance;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Variable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The inputs, parameters and initial states of a case, by their full names. */
final class Inputs {
  private final Map<String, Variable> variables = new LinkedHashMap<>();

  void put(String name, Variable variable) {
    variables.put(name, variable);
  }

  /** A tensor that the operator needs. */
  Variable get(String name) {
    Variable variable = variables.get(name);
    checkArgument(variable != null, "case must have %s, it has %s", name, variables.keySet());
    return variable;
  }

  /** A tensor that may be absent, or null. */
  @Nullable Variable optional(String name) {
    return variables.get(name);
  }
}
