package io.sequencezoo.bench;

import com.sun.management.ThreadMXBean;
import io.sequencezoo.bench.ResultTable.Column;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.model.Generator;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.Sampling;
import io.sequencezoo.models.nonlinear.LstmConfig;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Time and heap per generated token and bytes of state after ever more tokens: constant for gated
 * linear attention and LSTM, growing for softmax attention. A run reads a prompt of the given
 * length and takes the median time of the tokens that follow it; rounds run all models and
 * positions.
 */
final class GenerationScaling {
  private static final int VOCABULARY = 256;
  private static final int WIDTH = 256;
  private static final int LAYERS = 4;
  private static final int HEADS = 4;

  /** Tokens after the prompt that don't count: caches move to where they can grow. */
  private static final int SETTLING = 8;

  private static final double MICROS = 1e6;

  private GenerationScaling() {}

  /** Measures {@code window} tokens after prompts of the given lengths. */
  static ResultTable measure(int[] positions, int window, int warmUp, int rounds) {
    List<Subject> subjects =
        List.of(
            Subject.of("GLA", GlaConfig.standard()),
            Subject.of("LSTM", LstmConfig.standard()),
            Subject.of("attention", SoftmaxAttentionConfig.of(HEADS)));
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
            new Column("position", "position", "%d"),
            new Column("microsPerToken", "µs/token", "%.0f"),
            new Column("ratio", "over first", "%.2f"),
            new Column("stateBytes", "state bytes", "%d"),
            new Column("heapBytes", "heap bytes/token", "%d"));
    for (int s = 0; s < seconds.length; s++) {
      Subject subject = subjects.get(s);
      for (int p = 0; p < positions.length; p++) {
        table.add(
            subject.name,
            positions[p],
            Timing.median(seconds[s][p]) * MICROS,
            Timing.medianRatio(seconds[s][p], seconds[s][0]),
            subject.stateBytes(positions[p]),
            subject.heapBytesPerToken(positions[p], window));
      }
    }
    return table;
  }

  /** A language model to generate from. */
  private record Subject(String name, LanguageModel model, Parameters parameters) {
    static Subject of(String name, MixerConfig mixer) {
      LanguageModel model =
          new LanguageModel(
              LanguageModelConfig.of(VOCABULARY, WIDTH, LAYERS, mixer, GluConfig.standard()));
      return new Subject(name, model, Parameters.of(model, DataType.FLOAT, 1));
    }

    double secondsPerToken(int position, int window) {
      List<Long> at = new ArrayList<>();
      new Generator(model, parameters)
          .generate(
              List.of(prompt(position)),
              Sampling.greedy(window + SETTLING + 1),
              (row, index, token) -> at.add(System.nanoTime()));
      double[] seconds = new double[window];
      for (int i = 0; i < window; i++) {
        seconds[i] = (at.get(SETTLING + i + 1) - at.get(SETTLING + i)) * 1e-9;
      }
      return Timing.median(seconds);
    }

    /** What this thread allocates on the heap for a token, once its code is compiled. */
    long heapBytesPerToken(int position, int window) {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      List<Long> at = new ArrayList<>();
      new Generator(model, parameters)
          .generate(
              List.of(prompt(position)),
              Sampling.greedy(window + SETTLING + 1),
              (row, index, token) ->
                  at.add(threads.getThreadAllocatedBytes(Thread.currentThread().getId())));
      return (at.get(SETTLING + window) - at.get(SETTLING)) / window;
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
