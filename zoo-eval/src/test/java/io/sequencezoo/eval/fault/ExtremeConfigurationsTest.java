package io.sequencezoo.eval.fault;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.contract.Attempt;
import io.sequencezoo.core.contract.MixerSubject;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.core.kernel.Memory;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.MixerConfig.Place;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.experiment.EpochBatches;
import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.experiment.Tasks;
import io.sequencezoo.eval.experiment.TinyExperiment;
import io.sequencezoo.eval.experiment.TokenTask;
import io.sequencezoo.models.model.ForecasterConfig;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.Layers;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.models.model.ModelConfig;
import io.sequencezoo.models.model.StageConfig;
import io.sequencezoo.models.model.TokenModel;
import io.sequencezoo.models.nonlinear.LstmConfig;
import io.sequencezoo.models.norm.LayerNormConfig;
import io.sequencezoo.models.residual.NormPlacement;
import io.sequencezoo.train.OptimizerConfig;
import io.sequencezoo.train.ScheduleConfig;
import io.sequencezoo.train.TrainConfig;
import io.sequencezoo.train.TrainListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Every whole number of every configuration as 0, -1 and 2^31 - 1, and null in every list: what is
 * described works, or is refused in one line.
 */
@Tag("any-kernels")
class ExtremeConfigurationsTest {
  private static final int STEPS = 3;
  private static final int WIDEST = 64;

  /** For tasks of numbers. */
  private static final ForecasterConfig FORECASTER =
      ForecasterConfig.of(0, 1, 8, Layers.of(1), LstmConfig.standard(), null);

  /** Enough for what is small, so that what is large isn't tried. */
  private static final long BYTES = 4L << 20;

  @TempDir static Path folder;

  @BeforeAll
  static void limitMemory() {
    System.setProperty(Memory.LIMIT_PROPERTY, Long.toString(BYTES));
  }

  @AfterAll
  static void noLimit() {
    System.clearProperty(Memory.LIMIT_PROPERTY);
  }

  static Stream<BlockConfig> blocks() {
    return Registry.get().entries().values().stream().flatMap(entry -> entry.examples().stream());
  }

  @ParameterizedTest
  @MethodSource("blocks")
  void blocks_workOrAreRefusedInOneLine(BlockConfig config) {
    int width = width(config);
    check(
        config,
        text -> {
          BlockConfig changed = Configs.read("block", text, BlockConfig.class);
          use(changed, width);
        });
  }

  @ParameterizedTest
  @MethodSource("blocks")
  void widths_workOrAreRefusedInOneLine(BlockConfig config) {
    List<String> faults = new ArrayList<>();
    for (int width : new int[] {0, -1, 46_341, 65_536, 1_000_000_000, Integer.MAX_VALUE}) {
      Attempt.fault(() -> use(config, width)).ifPresent(fault -> faults.add(width + ": " + fault));
    }
    assertThat(faults).as("%s at extreme widths", config).isEmpty();
  }

  static Stream<ExperimentConfig> experiments() {
    List<String> variants =
        List.of(
            TinyExperiment.yaml(2),
            TinyExperiment.yaml(2).replace("steps: 2", "epochs: 1, accumulate: 2"),
            TinyExperiment.yaml(2) + "seeds: 2\nwindow: 3\nvalidationProblems: 2\n");
    return variants.stream().map(text -> ExperimentConfig.parse("experiment", text));
  }

  @ParameterizedTest
  @MethodSource("experiments")
  void experiments_workOrAreRefusedInOneLine(ExperimentConfig config) {
    check(
        config,
        text -> {
          ExperimentConfig changed = ExperimentConfig.parse("experiment", text);
          new Experiment(changed, folder, name -> new TrainListener() {});
          TrainConfig train = changed.train();
          EpochBatches<TokenBatch> batches =
              EpochBatches.ofTokens(
                  (TokenTask) changed.task(), train.batch(), changed.window(), train.seed());
          train.totalSteps(batches.batchesPerEpoch());
          batches.next();
          batches.padding(0);
        });
  }

  static Stream<Task> tasks() {
    return Tasks.get().entries().values().stream().map(entry -> entry.standard());
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void tasks_workOrAreRefusedInOneLine(Task task) {
    check(
        task,
        text -> {
          Task changed = Configs.read("task", text, Task.class);
          for (Split split : Split.values()) {
            assertThat(changed.examples(split)).isPositive();
            if (changed instanceof TokenTask tokens) {
              tokens.batch(split, List.of(0));
            }
          }
          if (changed instanceof TokenTask tokens) {
            EpochBatches.ofTokens(tokens, 4, null, 1).next();
          } else {
            TrainConfig train = TrainConfig.of(OptimizerConfig.AdamW.standard(1e-3), 1, 4, 1);
            // Series of a system are integrated as a whole, which would take minutes here.
            changed
                .lesson(changed.fit("model", FORECASTER).build(), train, null)
                .batches()
                .batchesPerEpoch();
          }
        });
  }

  static Stream<OptimizerConfig> optimizers() {
    return Stream.of(
            "sgd",
            "nesterovs",
            "adam",
            "adamw",
            "amsgrad",
            "nadam",
            "adamax",
            "adagrad",
            "adadelta",
            "rmsprop",
            "adabelief")
        .map(type -> "{type: " + type + ", lr: 0.01}")
        .map(text -> Configs.read("optimizer", text, OptimizerConfig.class));
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void optimizers_workOrAreRefusedInOneLine(OptimizerConfig config) {
    Block block = declaration -> declaration.weight("w", Initialisers.zeros(), 3);
    check(
        config,
        text -> {
          OptimizerConfig changed = Configs.read("optimizer", text, OptimizerConfig.class);
          Parameters parameters = Parameters.of(block, DataType.FLOAT, 1);
          parameters.gradients().assign(1);
          changed.build(parameters).step(1, changed.lr());
        });
  }

  static Stream<ScheduleConfig> schedules() {
    return Stream.of("constant", "cosine", "linear", "inverse_sqrt", "wsd", "wsdc")
        .map(type -> "{type: " + type + ", warmup: 2}")
        .map(text -> Configs.read("schedule", text, ScheduleConfig.class));
  }

  @ParameterizedTest
  @MethodSource("schedules")
  void schedules_workOrAreRefusedInOneLine(ScheduleConfig config) {
    check(
        config,
        text -> {
          ScheduleConfig changed = Configs.read("schedule", text, ScheduleConfig.class);
          for (long steps : new long[] {1, 2, 10, Long.MAX_VALUE}) {
            for (long step : new long[] {0, 1, steps - 1}) {
              assertThat(changed.factor(step, steps)).as("factor").isBetween(0.0, 1.0);
            }
          }
        });
  }

  /** Runs all mutants of a configuration. */
  private static void check(Object config, Use use) {
    Map<String, String> faults = new LinkedHashMap<>();
    Mutants.extremes(config)
        .forEach(
            (what, text) ->
                Attempt.fault(() -> use.of(text)).ifPresent(fault -> faults.put(what, fault)));
    assertThat(faults).as("%s with one number changed", config).isEmpty();
  }

  private interface Use {
    void of(String text) throws Exception;
  }

  private static int width(BlockConfig config) {
    for (int width = 8; width <= WIDEST; width++) {
      try {
        use(config, width);
        return width;
      } catch (IllegalArgumentException e) {
        // Some examples fit some widths only.
      }
    }
    throw new AssertionError(config + ": fits no width up to " + WIDEST);
  }

  private static void use(BlockConfig config, int width) {
    if (config instanceof MixerConfig mixer) {
      useMixer(mixer.build(Place.alone(width)));
    } else if (config instanceof FeedForwardConfig feedForward) {
      FeedForward block = feedForward.build(Place.alone(width));
      run(block, (context, x) -> block.forward(context, x), width);
    } else if (config instanceof StageConfig stage) {
      useModel(
          new LanguageModelConfig(
              11,
              width,
              Layers.of(List.of(stage)),
              null,
              null,
              LayerNormConfig.standard(),
              NormPlacement.PRE,
              false,
              0,
              0,
              0.02,
              0));
    } else {
      useModel((ModelConfig) config);
    }
  }

  private static void useMixer(SequenceMixer mixer) {
    Parametrisation block = mixer.parametrisation();
    declared(mixer);
    for (int tokens : new int[] {0, 1, 1024, Integer.MAX_VALUE}) {
      assertThat(block.stateBytes(tokens, DataType.FLOAT)).as("state").isNotNegative();
      assertThat(block.multiplyAddsPerToken(tokens)).as("multiply-adds").isNotNegative();
    }
    run(mixer, (context, x) -> mixer.forward(context, x, null).outputs(), block.width());
  }

  private static long declared(Block block) {
    Declaration declaration = new Declaration();
    block.declare(declaration);
    return declaration.specs().stream().mapToLong(ParameterSpec::length).sum();
  }

  private interface Forward {
    Variable of(Context context, Variable x);
  }

  private static void run(Block block, Forward forward, int width) {
    Parameters parameters = Parameters.of(block, DataType.FLOAT, 1);
    try (Tape tape = Tape.training()) {
      Variable x = tape.variable(Nd4j.ones(DataType.FLOAT, 2, STEPS, width).muli(0.1));
      Context context = MixerSubject.offering(Context.training(tape, parameters, 1), x.value());
      Variable y = forward.of(context, x);
      tape.backward(List.of(y), List.of(Nd4j.ones(DataType.FLOAT, y.shape())));
    }
  }

  private static void useModel(ModelConfig config) {
    Model model = config.build();
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    if (!(model instanceof TokenModel tokens)) {
      return;
    }
    INDArray ids = Nd4j.createFromArray(new int[][] {{0, 0, 0}});
    try (Tape tape = Tape.training()) {
      Variable y = tokens.logits(Context.training(tape, parameters, 1), ids);
      tape.backward(List.of(y), List.of(Nd4j.ones(DataType.FLOAT, y.shape())));
    }
  }
}
