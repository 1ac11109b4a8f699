package io.sequencezoo.bench;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.depth.Injection;
import io.sequencezoo.models.depth.UniversalTransformerConfig;
import io.sequencezoo.models.model.LayerConfig;
import io.sequencezoo.models.model.Stage;
import io.sequencezoo.models.model.StageConfig;
import io.sequencezoo.models.norm.RmsNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Pairs of passes whose ratio says what a family costs next to what it stands for. */
final class FamilyCosts {
  private static final long SEED = 1;
  private static final int DEPTH = 4;

  /** Where the length of sequences is what is looked at. */
  private static final int LONG = 4096;

  private static final double NO_TARGET = Double.NaN;

  private FamilyCosts() {}

  /**
   * Two passes over the same tokens.
   *
   * @param target what their ratio should be at most; NaN for none
   */
  record Pair(
      String what,
      String over,
      int batch,
      int time,
      double target,
      Supplier<Runnable> own,
      Supplier<Runnable> other) {}

  static List<Pair> pairs(int width) {
    List<Pair> pairs = new ArrayList<>();
    for (int chunk : new int[] {64, 16}) {
      pairs.add(memory(width, "optimiser_memory", chunk, 3));
      pairs.add(memory(width, "titans", chunk, NO_TARGET));
      pairs.add(memory(width, "moneta", chunk, NO_TARGET));
    }
    MixerConfig gla = (MixerConfig) Configs.standard("gla");
    StageConfig layer = layer(gla);
    pairs.add(
        new Pair(
            "n-gram head, without its projections",
            "layer of gla and swiglu",
            1,
            LONG,
            0.05,
            () ->
                new MixerPasses((MixerConfig) Configs.standard("ngram_head"), width)
                    .recurrence(1, LONG),
            () -> stage(List.of(layer), width, 1, LONG)));
    pairs.add(
        new Pair(
            "universal transformer, " + DEPTH + " steps",
            DEPTH + " layers of its transition",
            8,
            256,
            1.1,
            () ->
                stage(
                    List.of(UniversalTransformerConfig.looped(layer, DEPTH, Injection.NONE)),
                    width,
                    8,
                    256),
            () -> stage(List.of(layer, layer, layer, layer), width, 8, 256)));
    return pairs;
  }

  private static Pair memory(int width, String type, int chunk, double target) {
    MixerConfig config =
        (MixerConfig)
            Configs.read("mixer", "{type: " + type + ", chunk: " + chunk + "}", BlockConfig.class);
    return new Pair(
        type + ", chunk " + chunk,
        "gated_delta_net",
        8,
        256,
        target,
        () -> new MixerPasses(config, width).layer(8, 256),
        () ->
            new MixerPasses((MixerConfig) Configs.standard("gated_delta_net"), width)
                .layer(8, 256));
  }

  private static StageConfig layer(MixerConfig mixer) {
    return new LayerConfig(
        mixer, GluConfig.standard(), RmsNormConfig.standard(), NormPlacement.PRE, 0.0);
  }

  /** Forward and backward of stages one after the other. */
  private static Runnable stage(List<StageConfig> configs, int width, int batch, int time) {
    List<Stage> stages =
        configs.stream().map(config -> config.build(MixerConfig.Place.alone(width))).toList();
    List<Parameters> parameters =
        stages.stream().map(stage -> Parameters.of(stage, DataType.FLOAT, SEED)).toList();
    INDArray x = Nd4j.randn(DataType.FLOAT, batch, time, width);
    INDArray cotangent = Nd4j.randn(DataType.FLOAT, batch, time, width);
    return () -> {
      parameters.forEach(Parameters::zeroGradients);
      try (Tape tape = Tape.training()) {
        Variable y = tape.variable(x);
        for (int i = 0; i < stages.size(); i++) {
          Context context = Context.training(tape, parameters.get(i), SEED);
          y = stages.get(i).forward(context, y, null).outputs();
        }
        tape.backward(List.of(y), List.of(cotangent));
      }
    };
  }
}
