package io.sequencezoo.bench;

import static io.sequencezoo.models.matrix.GateActivation.SILU;

import com.sun.management.ThreadMXBean;
import io.sequencezoo.bench.ResultTable.Column;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.matrix.GatedDeltaNetConfig;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.model.Generator;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.Sampling;
import io.sequencezoo.models.nonlinear.LstmConfig;
import io.sequencezoo.models.vector.MambaConfig;
import io.sequencezoo.models.vector.MinGruConfig;
import io.sequencezoo.models.vector.S5Config;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Time and heap per generated token of each row and bytes of state after ever more tokens: constant
 * but for softmax attention. Beside the time stands what reading weights and states once would take
 * at the rate at which memory is read in the same run. A run reads a prompt of the given length and
 * takes the median time of the tokens that follow it; rounds run all models and positions.
 */
final class GenerationScaling {
  private static final int VOCABULARY = 256;
  private static final int LAYERS = 4;
  private static final int HEADS = 4;

  /** Tokens after the prompt that don't count: caches move to where they can grow. */
  private static final int SETTLING = 8;

  /** Tokens of a run that is there to be compiled. */
  private static final int SOME = 256;

  private static final double MICROS = 1e6;

  private GenerationScaling() {}

  /** Measures {@code window} tokens after prompts of the given lengths. */
  static ResultTable measure(
      int[] widths, int[] batches, int[] positions, int window, int warmUp, int rounds) {
    List<Subject> subjects = new ArrayList<>();
    for (int width : widths) {
      for (int batch : batches) {
        mixers().forEach((name, mixer) -> subjects.add(Subject.of(name, mixer, width, batch)));
      }
    }
    if (warmUp > 0) {
      // Until C2 has compiled their loops, vectors are objects: slow, and tens of kilobytes a
      // token.
      subjects.forEach(subject -> Timing.compile(subject::someTokens));
    }
    double bandwidth = Streams.readingBytesPerSecond();
    double[][][] seconds = new double[subjects.size()][positions.length][rounds];
    for (int round = -warmUp; round < rounds; round++) {
      for (int s = 0; s < seconds.length; s++) {
        for (int p = 0; p < positions.length; p++) {
          Timing.pause();
          double taken = subjects.get(s).secondsPerToken(positions[p], window);
          if (round >= 0) {
            seconds[s][p][round] = taken;
          }
        }
      }
    }
    ResultTable table =
        new ResultTable(
            "generation",
            "Token-by-token generation by position",
            Column.MIXER,
            new Column("width", "width", "%d"),
            Column.BATCH,
            new Column("position", "position", "%d"),
            new Column("microsPerToken", "µs/token", "%.0f"),
            new Column("ratio", "over first", "%.2f"),
            new Column("boundMicros", "bytes/bandwidth µs", "%.0f"),
            new Column("overBound", "over bound", "%.2f"),
            new Column("stateBytes", "state bytes", "%d"),
            new Column("heapBytes", "heap bytes/token", "%d"));
    for (int s = 0; s < seconds.length; s++) {
      Subject subject = subjects.get(s);
      for (int p = 0; p < positions.length; p++) {
        long stateBytes = subject.stateBytes(positions[p]);
        double bound = (subject.weightBytes() + subject.batch * stateBytes) / bandwidth;
        table.add(
            subject.name,
            subject.width,
            subject.batch,
            positions[p],
            Timing.median(seconds[s][p]) * MICROS,
            Timing.medianRatio(seconds[s][p], seconds[s][0]),
            bound * MICROS,
            Timing.median(seconds[s][p]) / bound,
            stateBytes,
            subject.heapBytesPerToken(positions[p], window));
      }
    }
    return table;
  }

  /** One or two of every family; the recurrence of attention is the only one that grows. */
  private static Map<String, MixerConfig> mixers() {
    Map<String, MixerConfig> mixers = new LinkedHashMap<>();
    mixers.put("GLA", GlaConfig.standard());
    mixers.put(
        "Gated DeltaNet", new GatedDeltaNetConfig(HEADS, HEADS, .75, 1.5, 4, false, SILU, true));
    mixers.put("Mamba", MambaConfig.standard());
    mixers.put("minGRU", MinGruConfig.standard());
    mixers.put("S5", S5Config.standard());
    mixers.put("LSTM", LstmConfig.standard());
    mixers.put("attention", SoftmaxAttentionConfig.of(HEADS));
    return mixers;
  }

  /** A language model to generate from. */
  private record Subject(
      String name, int width, int batch, LanguageModel model, Parameters parameters) {
    static Subject of(String name, MixerConfig mixer, int width, int batch) {
      LanguageModel model =
          new LanguageModel(
              LanguageModelConfig.of(VOCABULARY, width, LAYERS, mixer, GluConfig.standard()));
      return new Subject(name, width, batch, model, Parameters.of(model, DataType.FLOAT, 1));
    }

    /** Bytes of weights that a token reads: all but the other rows of the embedding. */
    long weightBytes() {
      long table = model.config().tiedEmbeddings() ? 0 : (long) VOCABULARY * width;
      return (parameters.values().length() - table) * Float.BYTES;
    }

    void someTokens() {
      secondsPerToken(1, SOME);
    }

    private List<int[]> prompts(int position) {
      return Collections.nCopies(batch, prompt(position));
    }

    double secondsPerToken(int position, int window) {
      long[] at = new long[window + SETTLING + 1];
      new Generator(model, parameters)
          .generate(
              prompts(position),
              Sampling.greedy(at.length),
              (row, index, token) -> at[index] = System.nanoTime());
      double[] seconds = new double[window];
      for (int i = 0; i < window; i++) {
        seconds[i] = (at[SETTLING + i + 1] - at[SETTLING + i]) * 1e-9;
      }
      return Timing.median(seconds);
    }

    /** What this thread allocates on the heap for a token, once its code is compiled. */
    long heapBytesPerToken(int position, int window) {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long[] at = new long[window + SETTLING + 1];
      new Generator(model, parameters)
          .generate(
              prompts(position),
              Sampling.greedy(at.length),
              (row, index, token) ->
                  at[index] = threads.getThreadAllocatedBytes(Thread.currentThread().getId()));
      return (at[SETTLING + window] - at[SETTLING]) / window;
    }

    long stateBytes(int position) {
      try (Tape tape = Tape.inference()) {
        Context context = Context.inference(tape, parameters);
        return model
            .prefill(context, Nd4j.createFromArray(new int[][] {prompt(position)}), null)
            .state()
            .bytesPerRow();
      }
    }

    private static int[] prompt(int length) {
      return new SplittableRandom(1).ints(length, 0, VOCABULARY).toArray();
    }
  }
}
