package io.sequencezoo.bench.djl;

import ai.djl.engine.Engine;
import io.sequencezoo.bench.PeerServer;
import java.io.IOException;
import java.util.function.LongSupplier;

/** Runs workloads in the Deep Java Library on its PyTorch engine, as {@link PeerServer} says. */
public final class DjlMain {
  static {
    // Everything is on the class path; the library asks the network otherwise.
    System.setProperty("ai.djl.offline", "true");
  }

  private DjlMain() {}

  /** The only argument is the number of threads. */
  public static void main(String[] args) throws IOException {
    System.setProperty("ai.djl.pytorch.num_threads", args[0]);
    Engine engine = Engine.getEngine("PyTorch");
    engine.setRandomSeed(1);
    PeerServer.serve(
        String.join(
            " ",
            "DJL",
            Engine.getDjlVersion(),
            "with PyTorch",
            engine.getVersion(),
            "and",
            // Linked into libtorch_cpu; the library offers no call that says so.
            System.getProperty("os.arch").equals("amd64") ? "oneMKL" : "its own BLAS"),
        DjlMain::create);
  }

  static LongSupplier create(String name, int... n) {
    return switch (name) {
      case "lstm" -> PeerServer.trained(RecurrentPass.lstm(n[0], n[1], n[2]));
      case "gru" -> PeerServer.trained(RecurrentPass.gru(n[0], n[1], n[2]));
      case "rnn" -> PeerServer.trained(RecurrentPass.rnn(n[0], n[1], n[2]));
      case "transformer" ->
          PeerServer.trained(new TransformerStep(n[0], n[1], n[2], n[3], n[4], n[5]));
      default -> null;
    };
  }
}
