package io.sequencezoo.models.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.contract.ReferenceVectors;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.io.SafetensorsReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The family against its reference implementations: outputs, final states and gradients. */
class LinearOperatorsConformanceTest {
  /** The tolerances of the conformance format, relative to the tensor's largest entry. */
  private static final double DOUBLE = 1e-9;

  private static final double FLOAT = 1e-4;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "linear_attention.normalized_b2_t37",
        "linear_attention.plain_state_t64",
        "gated_linear_attention.b2_t37",
        "gated_linear_attention.state_t64",
        "simple_gated_linear_attention.b2_t37",
        "simple_gated_linear_attention.state_t64",
        "retention.b2_t37",
        "retention.state_t64",
        "lightnet.b2_t37",
        "lightnet.state_t64",
        "hgrn2.b2_t37",
        "hgrn2.state_t64_lowerbound"
      })
  void operator_reproducesTheReference(String name) throws IOException {
    Path file = ReferenceVectors.file(name);
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      Map<String, INDArray> tensors = reader.readAll();
      JsonNode config = Configs.json().readTree(reader.metadata().get("config"));
      String operator = reader.metadata().get("operator");
      for (Solver solver : new Solver[] {Solver.SEQUENTIAL, Solver.CHUNKED}) {
        check(operator, config, tensors, solver, DataType.DOUBLE, DOUBLE);
        check(operator, config, tensors, solver, DataType.FLOAT, FLOAT);
      }
    }
  }

  private static void check(
      String operator,
      JsonNode config,
      Map<String, INDArray> tensors,
      Solver solver,
      DataType type,
      double tolerance) {
    Tape tape = Tape.detached();
    Map<String, Variable> leaves = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          if (name.startsWith("input.")
              || name.startsWith("parameter.")
              || name.startsWith("state.initial.")) {
            leaves.put(name, tape.variable(tensor.castTo(type)));
          }
        });
    Evolution evolution = evolve(tape, solver, operator, config, leaves);
    Map<String, Variable> results = new LinkedHashMap<>();
    results.put("output.o", evolution.outputs());
    evolution.state().parts().forEach((part, value) -> results.put("state.final." + part, value));
    List<Variable> outputs = new ArrayList<>();
    List<INDArray> cotangents = new ArrayList<>();
    results.forEach(
        (name, value) -> {
          INDArray cotangent = tensors.get("cotangent." + name);
          if (cotangent != null) {
            outputs.add(value);
            cotangents.add(cotangent.castTo(type));
          }
        });
    tape.backward(outputs, cotangents);
    Map<String, INDArray> actual = new LinkedHashMap<>();
    results.forEach((name, value) -> actual.put(name, value.value()));
    leaves.forEach((name, leaf) -> actual.put("gradient." + name, leaf.gradient()));
    for (String name : tensors.keySet()) {
      if (name.startsWith("output.")
          || name.startsWith("state.final.")
          || name.startsWith("gradient.")) {
        double[] expected = tensors.get(name).ravel().toDoubleVector();
        double largest = tensors.get(name).amaxNumber().doubleValue();
        assertThat(actual.get(name)).as("%s by %s has %s", operator, solver, name).isNotNull();
        assertThat(actual.get(name).castTo(DataType.DOUBLE).ravel().toDoubleVector())
            .as("%s by %s: %s", operator, solver, name)
            .containsExactly(expected, within(tolerance * largest));
      }
    }
  }

  private static Evolution evolve(
      Tape tape, Solver solver, String operator, JsonNode config, Map<String, Variable> leaves) {
    Variable q = leaves.get("input.q");
    Variable k = leaves.get("input.k");
    Variable v = leaves.get("input.v");
    double scale = config.get("scale").asDouble();
    State state = state(leaves, q.size(0));
    return switch (operator) {
      case "linear_attention" ->
          config.get("normalize").asBoolean()
              ? LinearOperators.normalisedLinearAttention(
                  tape, solver, q, k, v, state, scale, config.get("normalizer_eps").asDouble())
              : LinearOperators.linearAttention(tape, solver, q, k, v, state, scale);
      case "retention" -> LinearOperators.retention(tape, solver, q, k, v, state, scale);
      case "lightnet" -> LinearOperators.lightnet(tape, solver, q, k, v, state, scale);
      case "hgrn2" ->
          LinearOperators.hgrn2(
              tape,
              solver,
              q,
              leaves.get("input.f"),
              v,
              leaves.get("parameter.lower_bound"),
              state,
              scale);
      default ->
          LinearOperators.gatedLinearAttention(
              tape, solver, q, k, v, leaves.get("input.g"), state, scale);
    };
  }

  private static State state(Map<String, Variable> leaves, int batch) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    leaves.forEach(
        (name, leaf) -> {
          if (name.startsWith("state.initial.")) {
            parts.put(name.substring("state.initial.".length()), leaf);
          }
        });
    return parts.isEmpty() ? null : new State(parts, new int[batch]);
  }
}
