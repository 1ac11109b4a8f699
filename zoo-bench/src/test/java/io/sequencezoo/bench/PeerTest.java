package io.sequencezoo.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A peer that has no library; nothing is timed. */
class PeerTest {
  /** Answers with the sum of the sizes as nanoseconds; says something between, as libraries do. */
  static final class Adder {
    private Adder() {}

    public static void main(String[] arguments) throws IOException {
      PeerServer.serve(
          "Adder 1.0 with " + arguments[0] + " threads",
          (name, sizes) -> {
            System.out.println("a library's own words");
            return name.equals("sum") ? () -> sizes[0] + sizes[1] : null;
          });
    }
  }

  /** Never gets ready. */
  static final class Silent {
    private Silent() {}

    public static void main(String[] arguments) {}
  }

  /** Classes of this module alone: the server needs nothing else. */
  private static Peer start(Class<?> main) throws IOException {
    String classPath = place(PeerServer.class) + File.pathSeparator + place(main);
    return Peer.start(Peer.process(classPath, main.getName(), 3));
  }

  private static Path place(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void requests_areAnsweredByTheProcess() throws IOException {
    try (Peer peer = start(Adder.class)) {
      assertThat(peer.description()).isEqualTo("Adder 1.0 with 3 threads");
      assertThat(peer.seconds("sum 3 4")).isEqualTo(7 * 1e-9);
      assertThat(peer.seconds("product 3 4")).isNaN();
      assertThat(peer.seconds("sum 30 4")).isEqualTo(34 * 1e-9);
    }
  }

  @Test
  void processThatEnds_isRefused() {
    assertThatThrownBy(() -> start(Silent.class))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("peer: must start with ready, got null");
  }

  @Test
  void libraryThatIsNotBuilt_isRefused(@TempDir Path folder) {
    assertThatThrownBy(() -> Peer.start(folder, 2, Library.DJL, Library.Settings.DEFAULT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("build with mvn -Ppeer package");
  }

  @Test
  void workload_mustLearn() {
    assertThat(PeerServer.trained(training(loss -> loss / 2)).getAsLong()).isPositive();
    assertThatThrownBy(() -> PeerServer.trained(training(loss -> loss)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("peer: loss must fall in training, got 1.0, then 1.0");
  }

  private static PeerServer.Trained training(DoubleUnaryOperator step) {
    return new PeerServer.Trained() {
      private double loss = 1;

      @Override
      public void run() {}

      @Override
      public double train() {
        double before = loss;
        loss = step.applyAsDouble(loss);
        return before;
      }
    };
  }

  @Test
  void bestSetting_counts() {
    PeerRuns runs =
        new PeerRuns(
            Map.of(
                Library.Settings.DEFAULT, new double[] {2, 4, 4},
                Library.Settings.PASSIVE, new double[] {1, 2, 9}));
    assertThat(runs.best()).isEqualTo(Library.Settings.PASSIVE);
    assertThat(runs.median()).isEqualTo(2);
    assertThat(runs.ratio(new double[] {1, 1, 9})).isEqualTo(1);
    assertThat(new PeerRuns(Map.of()).present()).isFalse();
    assertThat(new PeerRuns(Map.of(Library.Settings.DEFAULT, new double[] {Double.NaN})).present())
        .isFalse();
  }
}
