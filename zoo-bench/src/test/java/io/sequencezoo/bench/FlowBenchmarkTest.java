package io.sequencezoo.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.kernel.Fourier;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.datasets.chaos.Flow;
import io.sequencezoo.datasets.chaos.KuramotoSivashinsky;
import io.sequencezoo.datasets.chaos.Lorenz96;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The program runs, and both of its sides compute the same. Skipped where there is no NumPy. */
@Tag("any-kernels")
class FlowBenchmarkTest {
  private static final String SCRIPT =
      Path.of(System.getProperty("zoo.root", ".."), "zoo-bench/peer-numpy/flows.py").toString();

  /** Rounding that a hundred steps before chaos sets in have let grow. */
  private static final double SAME = 1e-8;

  private static final int STEPS = 100;

  @BeforeAll
  static void findNumpy() throws Exception {
    Process process;
    try {
      process = new ProcessBuilder("python3", "-c", "import numpy").start();
    } catch (IOException noPython) {
      assumeTrue(false, "python3 is not there: " + noPython.getMessage());
      return;
    }
    assumeTrue(process.waitFor() == 0, "python3 has no numpy");
  }

  private static double[] numpy(String system, int size) throws Exception {
    Process process = new ProcessBuilder("python3", SCRIPT).start();
    try (var in = process.outputWriter(StandardCharsets.UTF_8);
        var out = process.inputReader(StandardCharsets.UTF_8)) {
      assertThat(out.readLine()).startsWith(PeerServer.READY);
      in.write("values " + system + " " + size + " " + STEPS + "\n");
      in.flush();
      return Arrays.stream(out.readLine().split(" ")).mapToDouble(Double::parseDouble).toArray();
    }
  }

  private static double[] zoo(Flow flow, double[] state) {
    for (int t = 0; t < STEPS; t++) {
      flow.step(state);
    }
    double[] seen = new double[state.length];
    flow.observe(state, seen);
    return seen;
  }

  @Test
  void kuramotoSivashinsky_isThatOfNumpy() throws Exception {
    double[] u = new double[64];
    for (int i = 0; i < u.length; i++) {
      double x = 2 * Math.PI * i / u.length;
      u[i] = Math.cos(x) + 0.3 * Math.sin(3 * x);
    }
    Fourier.of(Precision.DOUBLE, 64).forward(u);
    assertThat(zoo(KuramotoSivashinsky.standard().flow(), u))
        .containsExactly(numpy("kuramoto_sivashinsky", 64), within(SAME));
  }

  @Test
  void lorenz96_isThatOfNumpy() throws Exception {
    double[] x = new double[40];
    Arrays.setAll(x, i -> 8 + Math.cos(i));
    assertThat(zoo(Lorenz96.standard().flow(), x))
        .containsExactly(numpy("lorenz96", 40), within(SAME));
  }

  @Test
  void measurements_areWrittenRowByRow(@TempDir Path folder) throws IOException {
    Path output = folder.resolve("flows.json");
    int code =
        new CommandLine(new FlowBenchmark())
            .execute(
                "--points=16",
                "--sites=8",
                "--steps=20",
                "--rounds=1",
                "--compile=0",
                "--peer=" + SCRIPT,
                "--output=" + output);
    assertThat(code).isZero();
    JsonNode results = Configs.json().readTree(Files.readString(output));
    assertThat(results.get("flows")).hasSize(2);
    assertThat(results.at("/flows/0/ratio").asDouble()).isPositive();
    assertThat(results.at("/flows/1/bound").isNull()).isTrue();
  }
}
