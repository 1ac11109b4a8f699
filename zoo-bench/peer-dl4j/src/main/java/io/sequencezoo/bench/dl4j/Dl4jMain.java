package io.sequencezoo.bench.dl4j;

import io.sequencezoo.bench.PeerServer;
import java.io.IOException;
import java.util.function.LongSupplier;
import org.bytedeco.openblas.global.openblas_full;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs workloads in Deeplearning4j's layers on request, as {@link PeerServer} says. The number of
 * threads is the environment variable {@code OMP_NUM_THREADS}.
 */
public final class Dl4jMain {
  private Dl4jMain() {}

  /** The number of threads, which the environment says as well. */
  public static void main(String[] args) throws IOException {
    // ND4J loads its own libraries in an order of its own; it must have done so first.
    Nd4j.factory().blas();
    PeerServer.serve(
        String.join(
            " ",
            "DL4J",
            "1.0.0-M2.1",
            "with OpenBLAS",
            openblas_full.openblas_get_config().getString().split(" ", 3)[1],
            "(" + openblas_full.openblas_get_corename().getString() + ")"),
        Dl4jMain::create);
  }

  /** There is no GRU among its layers. */
  static LongSupplier create(String name, int... n) {
    return switch (name) {
      case "lstm" -> PeerServer.trained(new RecurrentPass(new LSTM.Builder(), n[0], n[1], n[2]));
      case "rnn" ->
          PeerServer.trained(new RecurrentPass(new SimpleRnn.Builder(), n[0], n[1], n[2]));
      case "transformer" ->
          PeerServer.trained(new TransformerStep(n[0], n[1], n[2], n[3], n[4], n[5]));
      default -> null;
    };
  }
}
