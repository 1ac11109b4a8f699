package io.sequencezoo.bench;

import io.sequencezoo.bench.ResultTable.Column;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Forward and backward of a recurrence per token, as sequences get longer: flat for gated linear
 * attention, growing for softmax attention. Rounds run all lengths of both, one after the other.
 */
final class SequenceScaling {
  /** The length that ratios refer to, if it is among those measured. */
  private static final int REFERENCE = 1024;

  private static final double MICROS = 1e6;

  private SequenceScaling() {}

  /**
   * Measures.
   *
   * @param tokens B x T of every pass; 0 for B = 1
   */
  static ResultTable measure(int[] lengths, int tokens, int warmUp, int rounds) {
    List<Runnable> passes = new ArrayList<>();
    for (int time : lengths) {
      passes.add(Workloads.gla(rows(tokens, time), time));
    }
    for (int time : lengths) {
      passes.add(Workloads.attention(rows(tokens, time), time));
    }
    double[][] seconds = new double[passes.size()][rounds];
    for (int round = -warmUp; round < rounds; round++) {
      for (int i = 0; i < seconds.length; i++) {
        Timing.pause();
        double taken = Timing.seconds(passes.get(i));
        if (round >= 0) {
          int time = lengths[i % lengths.length];
          seconds[i][round] = taken / ((double) rows(tokens, time) * time);
        }
      }
    }
    return table(lengths, tokens, seconds);
  }

  private static int rows(int tokens, int time) {
    return Math.max(1, tokens / time);
  }

  private static ResultTable table(int[] lengths, int tokens, double[][] seconds) {
    int n = lengths.length;
    int reference = Math.max(0, Arrays.binarySearch(lengths, REFERENCE));
    String over = "over T=" + lengths[reference];
    ResultTable table =
        new ResultTable(
            "sequence",
            "Forward and backward per token by length",
            Column.TIME,
            Column.BATCH,
            new Column("glaMicrosPerToken", "GLA µs/token", "%.3f"),
            new Column("glaRatio", "GLA " + over, "%.2f"),
            new Column("attentionMicrosPerToken", "attention µs/token", "%.3f"),
            new Column("attentionRatio", "attention " + over, "%.2f"));
    for (int i = 0; i < n; i++) {
      table.add(
          lengths[i],
          rows(tokens, lengths[i]),
          Timing.median(seconds[i]) * MICROS,
          Timing.medianRatio(seconds[i], seconds[reference]),
          Timing.median(seconds[n + i]) * MICROS,
          Timing.medianRatio(seconds[n + i], seconds[n + reference]));
    }
    return table;
  }
}
