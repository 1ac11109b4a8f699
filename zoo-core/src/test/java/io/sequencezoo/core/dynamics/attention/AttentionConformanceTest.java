package io.sequencezoo.core.dynamics.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.contract.ReferenceVectors;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.io.SafetensorsReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Outputs and gradients of the public reference implementation. */
final class AttentionConformanceTest {

  /** The tolerances of the conformance format, relative to the tensor's largest entry. */
  @ParameterizedTest
  @CsvSource({
    "causal_b2_t37, DOUBLE, 1e-9",
    "gqa_window_t64, DOUBLE, 1e-9",
    "causal_b2_t37, FLOAT, 1e-4",
    "gqa_window_t64, FLOAT, 1e-4"
  })
  void recurrence_reproducesTheReference(String name, DataType type, double tolerance)
      throws IOException {
    Path file = ReferenceVectors.file("softmax_attention." + name);
    Map<String, INDArray> expected;
    JsonNode config;
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      expected = reader.readAll();
      config = new ObjectMapper().readTree(reader.metadata().get("config"));
    }
    AttentionRecurrence recurrence =
        AttentionRecurrence.causal().withScale(config.get("scale").asDouble());
    if (!config.get("window").isNull()) {
      recurrence = recurrence.withWindow(config.get("window").asInt());
    }
    Tape tape = Tape.detached();
    Map<String, Variable> in = new LinkedHashMap<>();
    for (String part : List.of("q", "k", "v")) {
      in.put(part, tape.variable(expected.get("input." + part).castTo(type)));
    }
    Evolution evolution = recurrence.evolve(tape, Solver.AUTO, in, null, null);
    tape.backward(
        List.of(evolution.outputs()), List.of(expected.get("cotangent.output.o").castTo(type)));
    assertClose("output.o", evolution.outputs().value(), expected, tolerance);
    in.forEach(
        (part, v) -> assertClose("gradient.input." + part, v.gradient(), expected, tolerance));
  }

  private static void assertClose(
      String tensor, INDArray actual, Map<String, INDArray> expected, double tolerance) {
    double largest = expected.get(tensor).amaxNumber().doubleValue();
    assertThat(actual.dup('c').data().asDouble())
        .as(tensor)
        .containsExactly(
            expected.get(tensor).dup('c').data().asDouble(), within(tolerance * largest));
  }
}
