package io.sequencezoo.eval.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.io.SafetensorsWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The runner itself, on cases of rms_norm worked out here by hand. */
class ConformanceTest {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private Conformance.Summary run() throws IOException {
    return Conformance.run(folder, new PrintWriter(out, true), new PrintWriter(err, true));
  }

  /** {@code x = (3, 4)}, eps 0: rms is √12.5; the gradient of {@code Σ y} is worked out below. */
  private void write(String operator, String name, double error) throws IOException {
    double rms = Math.sqrt(12.5);
    INDArray x = Nd4j.createFromArray(new double[] {3, 4}).reshape(1, 1, 2);
    INDArray y = Nd4j.createFromArray(new double[] {3 / rms + error, 4 / rms}).reshape(1, 1, 2);
    // dy_i/dx_j = δ_ij / r - x_i x_j / (2 r³)
    double cube = 2 * rms * rms * rms;
    INDArray gx =
        Nd4j.createFromArray(new double[] {1 / rms - 3 * 7 / cube, 1 / rms - 4 * 7 / cube})
            .reshape(1, 1, 2);
    new SafetensorsWriter()
        .metadata("format", "sequence-conformance-1")
        .metadata("operator", operator)
        .metadata("case", name)
        .metadata("config", "{\"eps\": 0.0}")
        .add("input.x", x)
        .add("parameter.weight", Nd4j.createFromArray(1.0, 1.0))
        .add("output.y", y)
        .add("cotangent.output.y", Nd4j.createFromArray(1.0, 1.0).reshape(1, 1, 2))
        .add("gradient.input.x", gx)
        .write(folder.resolve(operator + "." + name + ".safetensors"));
  }

  @Test
  void verdicts_andLastLineFollowTheFormat() throws IOException {
    write("rms_norm", "right", 0);
    write("rms_norm", "wrong", 1e-3);
    write("no_such_operator", "x", 0);
    assertThat(run()).isEqualTo(new Conformance.Summary(1, 1, 1));
    assertThat(out.toString().lines())
        .satisfiesExactly(
            line -> assertThat(line).isEqualTo("UNKNOWN no_such_operator.x double=- float=-"),
            line ->
                assertThat(line)
                    .matches("PASS rms_norm\\.right double=\\d\\.\\d\\de-\\d\\d float=\\S+"),
            line -> assertThat(line).startsWith("FAIL rms_norm.wrong double=8.8"),
            line -> assertThat(line).isEqualTo("conformance: 1 passed, 1 failed, 1 unknown"));
  }

  @Test
  void nan_fails() throws IOException {
    write("rms_norm", "nan", Double.NaN);
    assertThat(run().failed()).isEqualTo(1);
  }

  @Test
  void unreadableFiles_failWithAReasonAndTheOthersRun() throws IOException {
    Files.writeString(folder.resolve("broken.x.safetensors"), "not a safetensors file");
    write("rms_norm", "right", 0);
    assertThat(run()).isEqualTo(new Conformance.Summary(1, 1, 0));
    assertThat(out.toString()).contains("FAIL broken.x double=- float=-");
    assertThat(err.toString().strip()).contains("broken.x.safetensors").hasLineCount(1);
  }

  @Test
  void missingInputs_failWithAReason() throws IOException {
    new SafetensorsWriter()
        .metadata("format", "sequence-conformance-1")
        .metadata("operator", "rms_norm")
        .metadata("case", "empty")
        .metadata("config", "{\"eps\": 0.0}")
        .add("output.y", Nd4j.createFromArray(1.0))
        .write(folder.resolve("rms_norm.empty.safetensors"));
    assertThat(run().failed()).isEqualTo(1);
    assertThat(err.toString()).contains("rms_norm.empty");
  }

  private static SafetensorsWriter rmsNorm(String name) {
    return new SafetensorsWriter()
        .metadata("format", "sequence-conformance-1")
        .metadata("operator", "rms_norm")
        .metadata("case", name)
        .metadata("config", "{\"eps\": 0.0}")
        .add("input.x", Nd4j.createFromArray(3.0, 4.0).reshape(1, 1, 2))
        .add("parameter.weight", Nd4j.createFromArray(1.0, 1.0));
  }

  @Test
  void nothingToJudgeBy_fails() throws IOException {
    rmsNorm("nothing").write(folder.resolve("rms_norm.nothing.safetensors"));
    assertThat(run()).isEqualTo(new Conformance.Summary(0, 1, 0));
    assertThat(out.toString()).contains("FAIL rms_norm.nothing double=- float=-");
    assertThat(err.toString()).contains("must have an output, a final state or a gradient");
  }

  @Test
  void cotangentOfAnotherShape_isOneFailureAndTheOthersRun() throws IOException {
    rmsNorm("bent")
        .add("output.y", Nd4j.createFromArray(3.0, 4.0).reshape(1, 1, 2))
        .add("cotangent.output.y", Nd4j.createFromArray(1.0, 1.0, 1.0).reshape(1, 1, 3))
        .write(folder.resolve("rms_norm.bent.safetensors"));
    write("rms_norm", "right", 0);
    assertThat(run()).isEqualTo(new Conformance.Summary(1, 1, 0));
    assertThat(err.toString()).contains("cotangent.output.y must have shape [1, 1, 2]");
  }

  /** At T = 1 softmax is 1 whatever the logits: a reference's rounding of zero is no scale. */
  @Test
  void gradientsThatAreZeroByTheory_areComparedAbsolutely() throws IOException {
    writeAttention("rounded", 3e-17);
    writeAttention("wrong", 1e-3);
    assertThat(run()).isEqualTo(new Conformance.Summary(1, 1, 0));
    assertThat(out.toString())
        .contains("PASS softmax_attention.rounded")
        .contains("FAIL softmax_attention.wrong");
  }

  private void writeAttention(String name, double keyGradient) throws IOException {
    INDArray x = Nd4j.createFromArray(0.3, -0.4).reshape(1, 1, 1, 2);
    INDArray one = Nd4j.createFromArray(1.0, 2.0).reshape(1, 1, 1, 2);
    new SafetensorsWriter()
        .metadata("format", "sequence-conformance-1")
        .metadata("operator", "softmax_attention")
        .metadata("case", name)
        .metadata("config", "{\"causal\": true, \"scale\": 0.5}")
        .add("input.q", x)
        .add("input.k", x)
        .add("input.v", one)
        .add("output.o", one)
        .add("cotangent.output.o", one)
        .add("gradient.input.k", Nd4j.createFromArray(keyGradient, 0).reshape(1, 1, 1, 2))
        .add("gradient.input.v", one)
        .write(folder.resolve("softmax_attention." + name + ".safetensors"));
  }
}
