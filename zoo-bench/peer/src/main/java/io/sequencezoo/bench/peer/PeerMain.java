package io.sequencezoo.bench.peer;

import io.sequencezoo.bench.PeerServer;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas_full;
import org.bytedeco.pytorch.global.torch;

/** Runs PyTorch workloads on request, as {@link PeerServer} says. */
public final class PeerMain {
  private PeerMain() {}

  /** The only argument is the number of threads. */
  public static void main(String[] args) throws IOException {
    torch.set_num_threads(Integer.parseInt(args[0]));
    torch.manual_seed(1);
    PeerServer.serve(
        description(),
        (name, n) -> {
          Workload workload = create(name, n);
          return () -> {
            try (PointerScope scope = new PointerScope()) {
              return PeerServer.nanos(workload::run);
            }
          };
        });
  }

  private static String description() {
    String built = torch.show_config().getString();
    String[] blas = openblas_full.openblas_get_config().getString().split(" ", 3);
    return String.join(
        " ",
        "PyTorch",
        entry(built, "TORCH_VERSION=([^,]*)"),
        "with oneDNN",
        entry(built, "MKL-DNN v(\\S*)"),
        "and OpenBLAS",
        blas[1],
        "(" + openblas_full.openblas_get_corename().getString() + ")");
  }

  private static String entry(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    return matcher.find() ? matcher.group(1) : "unknown";
  }

  private static Workload create(String name, int... n) {
    switch (name) {
      case "sgemm":
        return new Sgemm(n[0], n[1], n[2]);
      case "transformer":
        return new TransformerStep(n[0], n[1], n[2], n[3], n[4], n[5]);
      case "lstm":
        return RecurrentPass.lstm(n[0], n[1], n[2]);
      case "gru":
        return RecurrentPass.gru(n[0], n[1], n[2]);
      case "rnn":
        return RecurrentPass.rnn(n[0], n[1], n[2]);
      case "para-gru":
        return new ParaCellPass(true, n[0], n[1], n[2]);
      case "para-lstm":
        return new ParaCellPass(false, n[0], n[1], n[2]);
      case "gla-chunked":
        return new GlaPass(n[0], n[1], n[2], n[3], n[4], true);
      case "gla-stepped":
        return new GlaPass(n[0], n[1], n[2], n[3], n[4], false);
      case "memory-linear":
        return new MemoryPass(false, n[0], n[1], n[2], n[3], n[4]);
      case "memory-deep":
        return new MemoryPass(true, n[0], n[1], n[2], n[3], n[4]);
      case "scan-stepped":
        return new ScanPass(ScanForm.STEPPED, n[0], n[1], n[2]);
      case "scan-chunked":
        return new ScanPass(ScanForm.CHUNKED, n[0], n[1], n[2]);
      case "scan-doubling":
        return new ScanPass(ScanForm.DOUBLING, n[0], n[1], n[2]);
      case "mamba-stepped":
        return new SelectiveScanPass(ScanForm.STEPPED, n[0], n[1], n[2], n[3]);
      case "mamba-chunked":
        return new SelectiveScanPass(ScanForm.CHUNKED, n[0], n[1], n[2], n[3]);
      case "mamba-doubling":
        return new SelectiveScanPass(ScanForm.DOUBLING, n[0], n[1], n[2], n[3]);
      case "generate-gla":
        return GenerateTokens.of("gla", n[0], n[1], n[2]);
      case "generate-lstm":
        return GenerateTokens.of("lstm", n[0], n[1], n[2]);
      case "generate-attention":
        return GenerateTokens.of("attention", n[0], n[1], n[2]);
      case "s4d-fft":
        return new S4dPass(n[0], n[1], n[2], n[3]);
      case "linear-unit-stepped":
        return new LinearUnitPass(false, n[0], n[1], n[2], n[3]);
      case "linear-unit-fft":
        return new LinearUnitPass(true, n[0], n[1], n[2], n[3]);
      default:
        throw new IllegalArgumentException("peer: unknown workload " + name);
    }
  }
}
