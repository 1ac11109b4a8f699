package io.sequencezoo.models.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Interceptor;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.models.channel.MlpConfig;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.TokenModel;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Looking at a model and changing it, from outside. */
class RecorderTest {
  private static final INDArray IDS = Nd4j.createFromArray(new int[][] {{1, 2, 3, 4}});

  private final TokenModel model =
      LanguageModelConfig.of(11, 8, 2, GlaConfig.standard(), MlpConfig.standard()).build();
  private final Parameters parameters = Parameters.of(model, DataType.DOUBLE, 1);
  private final Context plain = Context.inference(Tape.detached(), parameters);

  private static double[] numbers(Variable x) {
    return x.value().dup('c').data().asDouble();
  }

  @Test
  void record_seesTheStreamAsItGrows() {
    Recorder recorder = new Recorder();
    double[] logits = numbers(model.forward(plain.intercepted(recorder), IDS));
    assertThat(recorder.seen())
        .containsKeys(
            "embedding",
            "layers.0",
            "layers.0.mixer",
            "layers.0.mixer.drive.q",
            "layers.0.mixer.evolve",
            "layers.0.mixer.state.S",
            "layers.0.mixer.read_out",
            "layers.0.mixer_stream",
            "layers.0.channel",
            "layers.1",
            "norm",
            "head");
    double[] stream = recorder.seen().get("layers.0").input().clone();
    assertThat(stream).containsExactly(recorder.seen().get("embedding").output());
    add(stream, recorder.seen().get("layers.0.mixer").output());
    assertThat(recorder.seen().get("layers.0.mixer_stream").output()).containsExactly(stream);
    add(stream, recorder.seen().get("layers.0.channel").output());
    assertThat(recorder.seen().get("layers.0").output()).containsExactly(stream);
    assertThat(recorder.seen().get("head").output()).containsExactly(logits);
  }

  private static void add(double[] sum, double[] term) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += term[i];
    }
  }

  private static Interceptor only(String place, Interceptor there) {
    return (at, x, inner) -> at.equals(place) ? there.at(at, x, inner) : inner.apply(x);
  }

  @Test
  void replace_standsInForTheValueAndIsDifferentiable() {
    Tape tape = Tape.detached();
    Variable patch = tape.variable(Nd4j.ones(DataType.DOUBLE, 1, 4, 8));
    Context context =
        Context.inference(tape, parameters)
            .intercepted(only("layers.1.mixer_stream", (place, x, inner) -> patch));
    Variable patched = model.forward(context, IDS);
    tape.backward(Primitives.sum(tape, Primitives.multiply(tape, patched, patched)));
    assertThat(numbers(patched)).isNotEqualTo(numbers(model.forward(plain, IDS)));
    assertThat(patch.gradient().norm2Number().doubleValue()).isPositive();
  }

  @Test
  void skipAndSwap_changeTheBlockAlone() {
    Interceptor skip = only("layers.0.channel", (place, x, inner) -> x);
    Interceptor twice =
        only(
            "layers.0.channel",
            (place, x, inner) -> Primitives.affine(plain.tape(), 2, inner.apply(x), 0));
    double[] usual = numbers(model.forward(plain, IDS));
    assertThat(numbers(model.forward(plain.intercepted(skip), IDS))).isNotEqualTo(usual);
    Recorder before = new Recorder();
    Recorder after = new Recorder();
    model.forward(plain.intercepted(before), IDS);
    model.forward(plain.intercepted(after).intercepted(twice), IDS);
    double[] doubled = before.seen().get("layers.0.channel").output().clone();
    add(doubled, doubled);
    assertThat(after.seen().get("layers.0.channel").output()).containsExactly(doubled);
  }

  @Test
  void drive_isReplacedCoefficientByCoefficient() {
    Interceptor noKeys =
        only(
            "layers.0.mixer.drive.k",
            (place, x, inner) -> Primitives.affine(plain.tape(), 0, x, 0));
    Evolution evolution = model.evolve(plain.intercepted(noKeys), IDS, null);
    Variable state = evolution.state().child("layers.0").get("S");
    assertThat(numbers(state)).containsOnly(0);
  }

  @Test
  void step_passesTheSamePlacesAsTheSequence() {
    Recorder sequence = new Recorder();
    Recorder step = new Recorder();
    model.forward(plain.intercepted(sequence), IDS);
    model.step(plain.intercepted(step), new int[] {1}, null);
    assertThat(step.seen().keySet()).isEqualTo(sequence.seen().keySet());
  }
}
