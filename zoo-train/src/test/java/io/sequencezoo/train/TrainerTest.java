package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.data.TokenBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class TrainerTest {
  /** Sums in another order differ by a few units in the last place of a double. */
  private static final double ROUNDING = 1e-12;

  @TempDir Path folder;

  @Test
  void run_learnsACycle() {
    Parameters parameters = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    TrainResult result = trainer(config("steps: 300"), parameters).run();
    List<History.Point> losses = result.history().losses();
    assertThat(losses).hasSize(300);
    assertThat(losses.get(0).loss()).isCloseTo(Math.log(7), within(0.1));
    // The noise alone costs about 0.3.
    assertThat(losses.get(299).loss()).isLessThan(0.6);
    assertThat(result.end()).isEqualTo(TrainResult.End.FINISHED);
  }

  @Test
  void run_repeatsBitForBit() {
    TrainConfig config = config("steps: 20");
    Parameters first = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    Parameters second = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    assertThat(trainer(config, first).run()).isEqualTo(trainer(config, second).run());
    assertThat(first.values().toFloatVector()).containsExactly(second.values().toFloatVector());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{type: adamw, lr: 0.01}",
        "{type: adamw, lr: 0.01, weightDecay: 0.1}",
        "{type: sgd, lr: 0.1}",
        "{type: nesterovs, lr: 0.1}",
        "{type: adam, lr: 0.01}",
        "{type: amsgrad, lr: 0.01}",
        "{type: adamax, lr: 0.01}",
        "{type: adagrad, lr: 0.1}",
        "{type: adadelta}",
        "{type: nadam, lr: 0.01}",
        "{type: rmsprop, lr: 0.01, weightDecay: 0.1}",
        "{type: adabelief, lr: 0.01}"
      })
  void resume_equalsTheUninterruptedRunBitForBit(String optimizer) {
    String rest =
        "optimizer: "
            + optimizer
            + ", schedule: {type: cosine, warmup: 3}, steps: 17, batch: 4, seed: 1,"
            + " evaluateEvery: 3, checkpointEvery: 4, accumulate: 2, clip: 0.5";
    TrainConfig config = Configs.read("train", "{" + rest + "}", TrainConfig.class);
    Parameters whole = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    TrainResult expected = trainer(config, whole).checkpoints(folder.resolve("a"), config).run();
    Parameters parts = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    int[] stops = {5, 6, 16};
    for (int stop : stops) {
      Trainer<TokenBatch> trainer = trainer(config, TinyModel.DEFAULT.parameters(DataType.FLOAT));
      trainer.listener(stopAt(trainer, stop));
      TrainResult result = trainer.checkpoints(folder.resolve("b"), config).run();
      assertThat(result.end()).isEqualTo(TrainResult.End.STOPPED);
      assertThat(result.steps()).isEqualTo(stop);
    }
    TrainResult resumed = trainer(config, parts).checkpoints(folder.resolve("b"), config).run();
    assertThat(resumed).isEqualTo(expected);
    assertThat(parts.values().toFloatVector()).containsExactly(whole.values().toFloatVector());
    for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
      assertThat(folder.resolve("b/step-17").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("a/step-17").resolve(file));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{type: adamw, lr: 0.01, weightDecay: 0.1}",
        "{type: sgd, lr: 0.1}",
        "{type: nesterovs, lr: 0.1}",
        "{type: adam, lr: 0.01}",
        "{type: amsgrad, lr: 0.01}",
        "{type: adamax, lr: 0.01}",
        "{type: adagrad, lr: 0.1}",
        "{type: adadelta}",
        "{type: nadam, lr: 0.01}",
        "{type: rmsprop, lr: 0.01, weightDecay: 0.1}",
        "{type: adabelief, lr: 0.01}"
      })
  void kept_holdsTheOthersAtZero(String optimizer) {
    TrainConfig config =
        Configs.read(
            "train",
            "{optimizer: " + optimizer + ", steps: 6, batch: 4, seed: 1, clip: 0.5}",
            TrainConfig.class);
    Parameters parameters = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    float[] ones = new float[(int) parameters.count()];
    for (int i = 0; i < ones.length; i++) {
      ones[i] = i % 3 == 0 ? 0 : 1;
    }
    float[] before = parameters.values().toFloatVector();
    Trainer<TokenBatch> trainer = trainer(config, parameters).kept(Nd4j.createFromArray(ones));
    trainer.listener(
        new TrainListener() {
          @Override
          public void stepped(Step step) {
            // The norm is that of the gradients that count.
            double squares = 0;
            float[] gradients = parameters.gradients().toFloatVector();
            for (int i = 0; i < ones.length; i++) {
              assertThat(ones[i] == 1 || gradients[i] == 0).isTrue();
              squares += (double) gradients[i] * gradients[i];
            }
            assertThat(step.gradientNorm() * step.tokens())
                .isCloseTo(Math.sqrt(squares), withinPercentage(0.1));
          }
        });
    trainer.run();
    float[] after = parameters.values().toFloatVector();
    int moved = 0;
    for (int i = 0; i < ones.length; i++) {
      assertThat(ones[i] == 1 || after[i] == 0).as("weight %s", i).isTrue();
      moved += ones[i] == 1 && after[i] != before[i] ? 1 : 0;
    }
    assertThat(moved).isGreaterThan(ones.length / 2);
    assertThatThrownBy(() -> trainer.kept(Nd4j.createFromArray(new float[] {1})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("train: kept must be");
  }

  @Test
  void accumulation_equalsOneLargeBatch() {
    TokenBatch large = new CycleSource(12, 9, 7, 5).next();
    List<TokenBatch> small = new ArrayList<>();
    for (int r = 0; r < 12; r += 4) {
      small.add(
          new TokenBatch(
              large.ids().get(NDArrayIndex.interval(r, r + 4), NDArrayIndex.all()).dup(),
              large.targets().get(NDArrayIndex.interval(r, r + 4), NDArrayIndex.all()).dup(),
              null));
    }
    assertThat(small.get(0).targetCount()).isNotEqualTo(small.get(1).targetCount());
    Parameters once = TinyModel.DEFAULT.parameters(DataType.DOUBLE);
    Parameters thrice = TinyModel.DEFAULT.parameters(DataType.DOUBLE);
    TrainResult expected =
        new Trainer<>(
                config("steps: 1, precision: double"),
                once,
                new TokenObjective(TinyModel.DEFAULT),
                new FixedSource(List.of(large)))
            .run();
    TrainResult actual =
        new Trainer<>(
                config("steps: 1, precision: double, accumulate: 3"),
                thrice,
                new TokenObjective(TinyModel.DEFAULT),
                new FixedSource(small))
            .run();
    assertThat(thrice.values().toDoubleVector())
        .containsExactly(once.values().toDoubleVector(), within(1e-9));
    assertThat(actual.history().losses().get(0).loss())
        .isCloseTo(expected.history().losses().get(0).loss(), within(ROUNDING));
    assertThat(actual.history().losses().get(0).gradientNorm())
        .isCloseTo(expected.history().losses().get(0).gradientNorm(), within(ROUNDING));
  }

  @Test
  void clipping_boundsTheStepOfPlainDescent() {
    Parameters parameters = TinyModel.DEFAULT.parameters(DataType.DOUBLE);
    double[] before = parameters.values().toDoubleVector();
    TrainConfig config =
        Configs.read(
            "train",
            "{optimizer: {type: sgd, lr: 1}, steps: 1, batch: 4, seed: 1, clip: 0.01,"
                + " precision: double}",
            TrainConfig.class);
    TrainResult result = trainer(config, parameters).run();
    double[] after = parameters.values().toDoubleVector();
    double moved = 0;
    for (int i = 0; i < before.length; i++) {
      moved += (after[i] - before[i]) * (after[i] - before[i]);
    }
    assertThat(result.history().losses().get(0).gradientNorm()).isGreaterThan(0.01);
    assertThat(Math.sqrt(moved)).isCloseTo(0.01, within(ROUNDING));
  }

  @Test
  void validation_selectsTheBestAndStopsEarly() {
    Parameters parameters = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    double[] scores = {3, 2, 1, 4, 1, 5, 0};
    List<float[]> seen = new ArrayList<>();
    AtomicInteger call = new AtomicInteger();
    TrainResult result =
        trainer(config("steps: 100, evaluateEvery: 2, patience: 3"), parameters)
            .validator(
                evaluated -> {
                  seen.add(evaluated.values().toFloatVector());
                  double score = scores[call.getAndIncrement()];
                  return new Evaluation(score, Map.of("score", score));
                })
            .run();
    assertThat(result.end()).isEqualTo(TrainResult.End.STOPPED_EARLY);
    assertThat(result.steps()).isEqualTo(12);
    assertThat(result.bestStep()).isEqualTo(6);
    assertThat(result.bestScore()).isEqualTo(1);
    assertThat(parameters.values().toFloatVector()).containsExactly(seen.get(2));
  }

  @Test
  void nonFiniteLoss_namesTheParameterThatIsNotFinite() {
    Parameters parameters = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    Trainer<TokenBatch> trainer =
        trainer(config("steps: 10"), parameters)
            .listener(
                new TrainListener() {
                  @Override
                  public void stepped(Step step) {
                    if (step.step() == 4) {
                      parameters.value("hidden.w").assign(Float.POSITIVE_INFINITY);
                    }
                  }
                });
    assertThatThrownBy(trainer::run)
        .isInstanceOf(NonFiniteException.class)
        .hasMessage(
            "training: loss must be finite, got NaN at step 5 in parameter hidden.w; lower lr, warm"
                + " up or clip");
  }

  @Test
  void nonFiniteLoss_namesTheOperationWhereItAppeared() {
    Parameters parameters = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    parameters.value("head.w").assign(3e38f);
    parameters.value("hidden.b").assign(9);
    assertThatThrownBy(() -> trainer(config("steps: 10"), parameters).run())
        .isInstanceOfSatisfying(
            NonFiniteException.class,
            thrown -> {
              assertThat(thrown.step()).isEqualTo(1);
              assertThat(thrown.where()).contains("output [4, 9, 7]").endsWith("with head.w");
            });
  }

  @Test
  void nonFiniteGradient_leavesParametersAndTheCheckpointBefore() {
    Parameters parameters = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    TrainConfig config = config("steps: 10, checkpointEvery: 2");
    Objective<TokenBatch> tiny = new TokenObjective(TinyModel.DEFAULT);
    AtomicInteger call = new AtomicInteger();
    List<float[]> before = new ArrayList<>();
    Trainer<TokenBatch> trainer =
        new Trainer<>(
                config,
                parameters,
                (context, batch) -> {
                  if (call.incrementAndGet() == 6) {
                    before.add(parameters.values().toFloatVector());
                    parameters.gradient("hidden.w").assign(Float.NaN);
                  }
                  return tiny.loss(context, batch);
                },
                new CycleSource(4, 9, 7, 1))
            .checkpoints(folder, config);
    assertThatThrownBy(trainer::run)
        .hasMessage(
            "training: gradient must be finite, got NaN at step 6 in gradient of hidden.w; lower"
                + " lr, warm up or clip");
    assertThat(parameters.values().toFloatVector()).containsExactly(before.get(0));
    assertThat(Checkpoints.latest(folder)).isEqualTo(folder.resolve("step-4"));
  }

  @Test
  void parametersWithoutGradients_areRefused() {
    Parameters trained = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    Parameters fixed = Parameters.over(TinyModel.DEFAULT, trained.values(), null);
    Trainer<TokenBatch> trainer =
        new Trainer<>(
            config("steps: 1"),
            fixed,
            new TokenObjective(TinyModel.DEFAULT),
            new CycleSource(4, 9, 7, 1));
    assertThatThrownBy(trainer::run)
        .hasMessage("train: parameters must have gradients, got none; give them a vector");
  }

  @Test
  void run_refusesDataWithoutTargets() {
    TokenBatch batch =
        new TokenBatch(
            Nd4j.createFromArray(new int[][] {{1, 2}}),
            Nd4j.createFromArray(new int[][] {{TokenBatch.IGNORED, TokenBatch.IGNORED}}),
            null);
    Trainer<TokenBatch> trainer =
        new Trainer<>(
            config("steps: 1"),
            TinyModel.DEFAULT.parameters(DataType.FLOAT),
            new TokenObjective(TinyModel.DEFAULT),
            new FixedSource(List.of(batch)));
    assertThatThrownBy(trainer::run)
        .hasMessage(
            "train: an update needs at least one token that counts, got none in the batches before"
                + " position 1");
  }

  @Test
  void memory_doesNotGrowOverAThousandSteps() {
    Parameters parameters = TinyModel.DEFAULT.parameters(DataType.FLOAT);
    List<Long> bytes = new ArrayList<>();
    trainer(config("steps: 1200"), parameters)
        .listener(
            new TrainListener() {
              @Override
              public void stepped(Step step) {
                if (step.step() == 200 || step.step() == 1200) {
                  System.gc();
                  bytes.add(Pointer.totalBytes());
                }
              }
            })
        .run();
    // Batches are collected by the garbage collector; what is left is a few of them.
    assertThat(bytes.get(1) - bytes.get(0)).isLessThan(1 << 20);
  }

  private static TrainListener stopAt(Trainer<?> trainer, long stop) {
    return new TrainListener() {
      @Override
      public void stepped(Step step) {
        if (step.step() == stop) {
          trainer.requestStop();
        }
      }
    };
  }

  private static TrainConfig config(String rest) {
    return Configs.read(
        "train",
        "{optimizer: {type: adamw, lr: 0.02}, batch: 4, seed: 1, " + rest + "}",
        TrainConfig.class);
  }

  private static Trainer<TokenBatch> trainer(TrainConfig config, Parameters parameters) {
    Objective<TokenBatch> objective = new TokenObjective(new TinyModel(7, 8, 0.1));
    CycleSource validation = new CycleSource(8, 9, 7, 77);
    Trainer<TokenBatch> trainer =
        new Trainer<>(config, parameters, objective, new CycleSource(4, 9, 7, 1));
    return config.evaluateEvery() > 0
        ? trainer.validator(
            Validator.loss(objective, List.of(validation.next(), validation.next())))
        : trainer;
  }
}
