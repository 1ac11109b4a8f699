package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Losses;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.matrix.GateActivation;
import io.sequencezoo.models.matrix.LightNetConfig;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Images in one scan: fill in the hidden pixels of a striped image, half of whose pixels are
 * hidden. A stripe is one column, so that a pixel follows from those above and below it; a layer
 * without positions sees only which colour the image has more of.
 */
class ImageExampleTest {
  private static final int SIDE = 6;
  private static final int PIXELS = SIDE * SIDE;
  private static final int WIDTH = 16;
  private static final int BATCH = 16;
  private static final int UPDATES = 100;
  private static final double RATE = 0.02;
  private static final int TEST_IMAGES = 200;

  /**
   * With positions, of at most 1 - 2^-6: a column that is hidden whole can only be guessed. Leaves
   * room for what 100 updates don't reach.
   */
  private static final double LEARNED = 0.85;

  /** Without: always the more frequent of six random stripes' colours is right in 66%. */
  private static final double MAJORITY = 0.75;

  // example
  /** Pixels [B, height * width, 1] to two classes per pixel, by one scan over the whole image. */
  private record Infilling(SequenceMixer mixer) implements Block {
    static Infilling of(LightNetConfig config) {
      return new Infilling(config.build(MixerConfig.Place.alone(WIDTH)));
    }

    @Override
    public void declare(Declaration declaration) {
      declaration.weight("pixel", Initialisers.normal(1), 1, WIDTH);
      mixer.declare(declaration.child("mixer"));
      declaration.weight("classes", Initialisers.normal(0.3), WIDTH, 2);
    }

    Variable logits(Context context, Variable pixels) {
      Tape tape = context.tape();
      Variable x = Dense.linear(tape, pixels, context.parameter("pixel"), null);
      Variable y = mixer.forward(context.child("mixer"), x, null).outputs();
      return Dense.linear(tape, y, context.parameter("classes"), null);
    }
  }

  private static LightNetConfig inTwoDimensions(int height, int width) {
    return Configs.with(LightNetConfig.grid(2, height, width), "outputGate", GateActivation.NONE);
  }

  // end of example

  /** The same layer without a position encoding. */
  private static LightNetConfig withoutPositions() {
    return Configs.with(
        LightNetConfig.standard(),
        Map.of("heads", 2, "outputGate", GateActivation.NONE, "bidirectional", true));
  }

  /** Images of columns of ones and minus ones, zeros where hidden, and what is hidden. */
  private record Batch(INDArray pixels, int[][] hidden) {
    static Batch draw(SplittableRandom random, int images) {
      float[] pixels = new float[images * PIXELS];
      int[][] hidden = new int[images][PIXELS];
      for (int b = 0; b < images; b++) {
        Arrays.fill(hidden[b], Losses.IGNORE);
        for (int column = 0; column < SIDE; column++) {
          int colour = random.nextInt(2);
          for (int row = 0; row < SIDE; row++) {
            int i = row * SIDE + column;
            if (random.nextBoolean()) {
              hidden[b][i] = colour;
            } else {
              pixels[b * PIXELS + i] = 2 * colour - 1;
            }
          }
        }
      }
      return new Batch(Nd4j.createFromArray(pixels).reshape(images, PIXELS, 1), hidden);
    }
  }

  /** The share of hidden pixels of new images that a model gets right after training. */
  private static double accuracy(LightNetConfig config) {
    Infilling model = Infilling.of(config);
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 5);
    Optimizer adam = new OptimizerConfig.AdamW(RATE, 0.9, 0.999, 1e-8, 0).build(parameters);
    SplittableRandom random = new SplittableRandom(17);
    for (int update = 0; update < UPDATES; update++) {
      Batch batch = Batch.draw(random, BATCH);
      parameters.zeroGradients();
      try (Tape tape = Tape.training()) {
        Context context = Context.training(tape, parameters, update);
        Variable logits = model.logits(context, tape.constant(batch.pixels()));
        INDArray targets = Nd4j.createFromArray(batch.hidden());
        tape.backward(Losses.crossEntropy(tape, logits, targets, Losses.IGNORE, null).loss());
      }
      adam.step(1, RATE);
    }
    return accuracy(model, parameters, Batch.draw(random, TEST_IMAGES));
  }

  private static double accuracy(Infilling model, Parameters parameters, Batch batch) {
    int right = 0;
    int all = 0;
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, parameters);
      INDArray logits = model.logits(context, tape.constant(batch.pixels())).value();
      for (int b = 0; b < TEST_IMAGES; b++) {
        for (int i = 0; i < PIXELS; i++) {
          if (batch.hidden()[b][i] != Losses.IGNORE) {
            int guess = logits.getDouble(b, i, 1) > logits.getDouble(b, i, 0) ? 1 : 0;
            right += guess == batch.hidden()[b][i] ? 1 : 0;
            all++;
          }
        }
      }
    }
    return (double) right / all;
  }

  @Test
  void hiddenPixels_areFilledInByPositionsInTwoDimensions() {
    assertThat(accuracy(inTwoDimensions(SIDE, SIDE))).as("with MD-TPE").isGreaterThan(LEARNED);
  }

  @Test
  void withoutPositions_theMoreFrequentColourIsAllThereIsToSee() {
    assertThat(accuracy(withoutPositions())).as("without positions").isLessThan(MAJORITY);
  }
}
