package io.sequencezoo.bench.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

/**
 * Runs PyTorch workloads on request: a line {@code NAME ARGUMENTS...} on standard input runs that
 * workload once and answers with its nanoseconds on standard output. The first request of a
 * workload builds it.
 */
public final class PeerMain {
  private PeerMain() {}

  /** The only argument is the number of threads. */
  public static void main(String[] args) throws IOException {
    torch.set_num_threads(Integer.parseInt(args[0]));
    torch.manual_seed(1);
    Map<String, Workload> workloads = new HashMap<>();
    PrintStream out = System.out;
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    out.println("ready");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Workload workload = workloads.computeIfAbsent(line, PeerMain::create);
      long start;
      long end;
      try (PointerScope scope = new PointerScope()) {
        start = System.nanoTime();
        workload.run();
        end = System.nanoTime();
      }
      out.println(end - start);
    }
  }

  private static Workload create(String line) {
    String[] words = line.split(" ");
    int[] n = new int[words.length - 1];
    for (int i = 0; i < n.length; i++) {
      n[i] = Integer.parseInt(words[i + 1]);
    }
    switch (words[0]) {
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
      case "s4d-fft":
        return new S4dPass(n[0], n[1], n[2], n[3]);
      case "linear-unit-stepped":
        return new LinearUnitPass(false, n[0], n[1], n[2], n[3]);
      case "linear-unit-fft":
        return new LinearUnitPass(true, n[0], n[1], n[2], n[3]);
      default:
        throw new IllegalArgumentException("peer: unknown workload " + words[0]);
    }
  }
}
