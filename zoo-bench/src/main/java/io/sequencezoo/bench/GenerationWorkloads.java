package io.sequencezoo.bench;

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
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/** Greedy generation, token by token from the start of a sequence, against PyTorch stepping. */
final class GenerationWorkloads {
  private static final int VOCABULARY = 256;
  private static final int LAYERS = 4;
  private static final int HEADS = 4;

  /** Tokens of a pass: many enough that how the first ones are put together doesn't matter. */
  private static final int TOKENS = 256;

  /** Three times PyTorch's tokens per second. */
  private static final double TARGET = 1.0 / 3;

  private GenerationWorkloads() {}

  static List<Comparison> comparisons() {
    List<Comparison> all = new ArrayList<>();
    mixers()
        .forEach(
            (family, mixer) -> {
              for (int width : new int[] {256, 1024}) {
                for (int batch : new int[] {1, 16}) {
                  boolean aimed = width == 256 && batch == 1;
                  String peer = "generate-" + family + " " + batch + " " + TOKENS + " " + width;
                  all.add(
                      new Comparison(
                          "generate-" + family + "-w" + width + "-b" + batch,
                          peer,
                          aimed ? TARGET : null,
                          0,
                          () -> generation(mixer, width, batch)));
                }
              }
            });
    return all;
  }

  private static Map<String, MixerConfig> mixers() {
    Map<String, MixerConfig> mixers = new LinkedHashMap<>();
    mixers.put("gla", GlaConfig.standard());
    mixers.put("lstm", LstmConfig.standard());
    mixers.put("attention", SoftmaxAttentionConfig.of(HEADS));
    return mixers;
  }

  private static Runnable generation(MixerConfig mixer, int width, int batch) {
    LanguageModel model =
        new LanguageModel(
            LanguageModelConfig.of(VOCABULARY, width, LAYERS, mixer, GluConfig.standard()));
    Generator generator = new Generator(model, Parameters.of(model, DataType.FLOAT, 1));
    List<int[]> prompts = Collections.nCopies(batch, new int[] {0});
    return () -> generator.generate(prompts, Sampling.greedy(TOKENS), (row, index, token) -> {});
  }
}
