package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.models.model.TokenLogits;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Losses of blocks reach the objective, parameters and reports. */
class AuxiliaryLossTest {
  private static final double WEIGHT = 0.25;

  private static final TokenBatch BATCH =
      new TokenBatch(
          Nd4j.createFromArray(new int[][] {{1, 2, 3}}),
          Nd4j.createFromArray(new int[][] {{2, 3, 4}}),
          null);

  private final Parameters parameters = TinyModel.DEFAULT.parameters(DataType.DOUBLE);

  /** The tiny model with the mean square of its hidden weights as a loss, in two halves. */
  private static Variable logits(Context context, INDArray ids) {
    Tape tape = context.tape();
    Context hidden = context.child("hidden");
    Variable w = hidden.parameter("w");
    Variable half =
        Primitives.affine(tape, 0.5, Primitives.mean(tape, Primitives.multiply(tape, w, w)), 0);
    hidden.addLoss("size", WEIGHT, half);
    hidden.addLoss("size", WEIGHT, half);
    return TinyModel.DEFAULT.logits(context, ids);
  }

  private INDArray gradient(TokenLogits model) {
    parameters.zeroGradients();
    try (Tape tape = Tape.training()) {
      Context context = Context.training(tape, parameters, 1);
      tape.backward(new TokenObjective(model).loss(context, BATCH).mean());
    }
    return parameters.gradient("hidden.w").dup();
  }

  @Test
  void gradient_reachesParametersByTheWeight() {
    INDArray w = parameters.value("hidden.w");
    INDArray expected = gradient(TinyModel.DEFAULT).add(w.mul(2 * WEIGHT / w.length()));
    double[] actual = gradient(AuxiliaryLossTest::logits).dup().data().asDouble();
    assertThat(actual).containsExactly(expected.dup().data().asDouble(), within(1e-14));
  }

  @Test
  void loss_isReportedByNameAndLeavesValidationAlone() {
    INDArray w = parameters.value("hidden.w");
    double size = w.mul(w).meanNumber().doubleValue();
    Validator plain = Validator.loss(new TokenObjective(TinyModel.DEFAULT), List.of(BATCH));
    Validator with = Validator.loss(new TokenObjective(AuxiliaryLossTest::logits), List.of(BATCH));
    Evaluation evaluation = with.evaluate(parameters);
    assertThat(evaluation.score()).isEqualTo(plain.evaluate(parameters).score());
    assertThat(evaluation.metrics().get("hidden.size")).isCloseTo(size, within(1e-14));
    try (Tape tape = Tape.training()) {
      Context context = Context.training(tape, parameters, 1);
      Objective.Loss loss = new TokenObjective(AuxiliaryLossTest::logits).loss(context, BATCH);
      assertThat(loss.auxiliary()).containsOnlyKeys("hidden.size");
      assertThat(loss.mean().value().getDouble(0))
          .isCloseTo(evaluation.score() + WEIGHT * size, within(1e-12));
    }
  }

  @Test
  void loss_hasOneWeight() {
    try (Tape tape = Tape.training()) {
      Context context = Context.training(tape, parameters, 1).child("block");
      Variable value = tape.constant(Nd4j.scalar(1.0));
      context.addLoss("size", 1, value);
      assertThatThrownBy(() -> context.addLoss("size", 2, value))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "context: loss block.size must have one weight, got 2.0 after 1.0; give it another"
                  + " name");
      assertThat(context.losses().get("block.size").value().value().getDouble(0)).isEqualTo(1);
    }
  }
}
