package io.sequencezoo.models.nonlinear;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.contract.ReferenceVectors;
import io.sequencezoo.core.dynamics.Recurrence;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The whole block against {@code torch.lstm}: outputs, final states and gradients. */
class LstmConformanceTest {

  /** The tolerances of the conformance format, relative to the tensor's largest entry. */
  @ParameterizedTest
  @CsvSource({
    "b2_t37, DOUBLE, 1e-9",
    "state_t64, DOUBLE, 1e-9",
    "b2_t37, FLOAT, 1e-4",
    "state_t64, FLOAT, 1e-4"
  })
  void block_reproducesTorch(String name, DataType type, double tolerance) throws IOException {
    Path file = ReferenceVectors.file("lstm." + name);
    Map<String, INDArray> expected;
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      expected = reader.readAll();
    }
    int width = (int) expected.get("input.x").size(2);
    int hidden = (int) expected.get("output.y").size(2);
    Lstm lstm = new Lstm(width, hidden, 0);
    Parameters parameters = Parameters.of(lstm, type, 1);
    INDArray bias = expected.get("parameter.bias_ih_l0").add(expected.get("parameter.bias_hh_l0"));
    parameters.value("input").assign(transposed(expected, "parameter.weight_ih_l0", type));
    parameters.value("recurrent").assign(transposed(expected, "parameter.weight_hh_l0", type));
    parameters.value("bias").assign(bias.castTo(type));
    parameters.zeroGradients();
    Tape tape = Tape.detached();
    Variable x = tape.variable(expected.get("input.x").castTo(type));
    Map<String, Variable> start = new LinkedHashMap<>();
    for (String part : List.of("h", "c")) {
      INDArray given = expected.get("state.initial." + part);
      start.put(
          part,
          tape.variable(given != null ? given.castTo(type) : tape.zeros(type, x.size(0), hidden)));
    }
    State before = new State(start, new int[x.size(0)]);
    // Without read-out: torch.lstm ends at y = h.
    Recurrence.Evolution evolution =
        lstm.recurrence()
            .evolve(
                tape,
                Solver.SEQUENTIAL,
                lstm.drive(Context.training(tape, parameters, 1), x, before).coefficients(),
                before,
                null);
    Map<String, INDArray> actual = new LinkedHashMap<>();
    actual.put("output.y", evolution.outputs().value());
    actual.put("state.final.h", evolution.state().get("h").value());
    actual.put("state.final.c", evolution.state().get("c").value());
    backward(tape, evolution, expected, type);
    actual.put("gradient.input.x", x.gradient());
    actual.put("gradient.parameter.weight_ih_l0", parameters.gradient("input").transpose());
    actual.put("gradient.parameter.weight_hh_l0", parameters.gradient("recurrent").transpose());
    actual.put("gradient.parameter.bias_ih_l0", parameters.gradient("bias"));
    actual.put("gradient.parameter.bias_hh_l0", parameters.gradient("bias"));
    actual.put("gradient.state.initial.h", start.get("h").gradient());
    actual.put("gradient.state.initial.c", start.get("c").gradient());
    for (String tensor : expected.keySet()) {
      if (tensor.startsWith("output.")
          || tensor.startsWith("state.final.")
          || tensor.startsWith("gradient.")) {
        double[] reference = expected.get(tensor).dup('c').data().asDouble();
        double largest = expected.get(tensor).amaxNumber().doubleValue();
        assertThat(actual.get(tensor).dup('c').data().asDouble())
            .as(tensor)
            .containsExactly(reference, within(tolerance * largest));
      }
    }
  }

  private static void backward(
      Tape tape, Recurrence.Evolution evolution, Map<String, INDArray> expected, DataType type) {
    List<Variable> outputs = new ArrayList<>();
    List<INDArray> cotangents = new ArrayList<>();
    outputs.add(evolution.outputs());
    cotangents.add(expected.get("cotangent.output.y").castTo(type));
    for (String part : List.of("h", "c")) {
      INDArray cotangent = expected.get("cotangent.state.final." + part);
      if (cotangent != null) {
        outputs.add(evolution.state().get(part));
        cotangents.add(cotangent.castTo(type));
      }
    }
    tape.backward(outputs, cotangents);
  }

  private static INDArray transposed(Map<String, INDArray> tensors, String name, DataType type) {
    return tensors.get(name).transpose().dup('c').castTo(type);
  }
}
