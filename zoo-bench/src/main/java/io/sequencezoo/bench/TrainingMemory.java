package io.sequencezoo.bench;

import io.sequencezoo.bench.ResultTable.Column;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What training takes beyond its parameters: the workspace that holds all values and gradients of a
 * step, and the whole process.
 */
final class TrainingMemory {
  private static final int VOCABULARY = 256;
  private static final int HEADS = 4;
  private static final double MIB = 1 << 20;
  private static final double KIB = 1 << 10;

  /** The first step of a workspace only counts, the second allocates, the third uses it. */
  private static final int SETTLING_STEPS = 3;

  private static final int[][] SIZES = {
    {2, 128}, {4, 128}, {8, 128}, {4, 256}, {8, 256}, {2, 1024}
  };
  private static final int REPORTS = 5;

  private TrainingMemory() {}

  /** The mixers that are trained, by name. */
  static Map<String, MixerConfig> mixers() {
    Map<String, MixerConfig> mixers = new LinkedHashMap<>();
    mixers.put("attention", SoftmaxAttentionConfig.of(HEADS));
    mixers.put("GLA", GlaConfig.standard());
    mixers.put("LSTM", LstmConfig.standard());
    return mixers;
  }

  /** The workspace of a step by the tokens in it: bytes per token should not change. */
  static ResultTable byTokens() {
    ResultTable table =
        new ResultTable(
            "memory",
            "Memory of a training step (width 256, 4 layers) by batch and length",
            Column.MIXER,
            Column.BATCH,
            Column.TIME,
            new Column("workspaceMiB", "workspace MiB", "%.1f"),
            new Column("kibPerToken", "KiB/token", "%.1f"),
            Column.RESIDENT);
    mixers()
        .forEach(
            (name, mixer) -> {
              for (int[] size : SIZES) {
                Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
                TrainingStep step = step(mixer, 256, 4, size[0], size[1]);
                for (int i = 0; i < SETTLING_STEPS; i++) {
                  step.run();
                }
                double bytes = workspaceBytes();
                double resident = Machine.residentBytes() / MIB;
                double perToken = bytes / KIB / (size[0] * (double) size[1]);
                table.add(name, size[0], size[1], bytes / MIB, perToken, resident);
              }
            });
    Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
    return table;
  }

  /** What a tiny model's training holds after ever more steps: the same. */
  static ResultTable bySteps(int steps) {
    ResultTable table =
        new ResultTable(
            "growth",
            "Memory of training (width 32, 2 layers, batch 4 x 64) by steps taken",
            Column.MIXER,
            new Column("step", "steps", "%d"),
            new Column("workspaceKiB", "workspace KiB", "%.1f"),
            new Column("heapMiB", "live heap MiB", "%.2f"),
            Column.RESIDENT);
    mixers()
        .forEach(
            (name, mixer) -> {
              Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
              TrainingStep step = step(mixer, 32, 2, 4, 64);
              int interval = Math.max(1, steps / REPORTS);
              for (int done = 1; done <= steps; done++) {
                step.run();
                if (done % interval == 0) {
                  double heap = liveHeapBytes() / MIB;
                  double resident = Machine.residentBytes() / MIB;
                  table.add(name, done, workspaceBytes() / KIB, heap, resident);
                }
              }
            });
    return table;
  }

  private static TrainingStep step(MixerConfig mixer, int width, int layers, int rows, int time) {
    return new TrainingStep(
        LanguageModelConfig.of(VOCABULARY, width, layers, mixer, GluConfig.standard()), rows, time);
  }

  /** All workspaces of this thread, tapes and whatever ND4J opens itself. */
  static double workspaceBytes() {
    return Nd4j.getWorkspaceManager().getAllWorkspacesForCurrentThread().stream()
        .mapToDouble(MemoryWorkspace::getCurrentSize)
        .sum();
  }

  private static double liveHeapBytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - (double) runtime.freeMemory();
  }
}
