package io.sequencezoo.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.contract.MixerSubject;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.models.channel.GluConfig;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What no mixer can take is refused by its name, in one way for all. */
class InputFaultsTest {
  private static final int WIDTH = 8;

  static Stream<MixerConfig> examples() {
    return Registry.get().entries().values().stream()
        .flatMap(entry -> entry.examples().stream())
        .filter(MixerConfig.class::isInstance)
        .map(MixerConfig.class::cast)
        .filter(InputFaultsTest::fits);
  }

  private static boolean fits(MixerConfig config) {
    try {
      config.build(MixerConfig.Place.alone(WIDTH));
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Test
  void examples_areAlmostAll() {
    long all =
        Registry.get().entries().values().stream()
            .flatMap(entry -> entry.examples().stream())
            .filter((BlockConfig config) -> config instanceof MixerConfig)
            .count();
    assertThat(examples().count()).isGreaterThan(all * 3 / 4);
  }

  @ParameterizedTest
  @MethodSource("examples")
  void forward_refusesNoRowsNoStepsAndOtherTypes(MixerConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    String name = mixer.parametrisation().name();
    Parameters parameters = Parameters.of(mixer, DataType.FLOAT, 1);
    refused(mixer, parameters, Nd4j.create(DataType.FLOAT, 0, 3, WIDTH), null)
        .hasMessage(name + ": B must be at least 1, got 0 in shape [0, 3, 8]");
    refused(mixer, parameters, Nd4j.create(DataType.FLOAT, 2, 0, WIDTH), null)
        .hasMessage(name + ": T must be at least 1, got 0 in shape [2, 0, 8]");
    for (DataType type : new DataType[] {DataType.BOOL, DataType.DOUBLE, DataType.INT32}) {
      refused(mixer, parameters, Nd4j.create(type, 2, 3, WIDTH), null)
          .hasMessage(
              name + ": input must be FLOAT as parameters are, got " + type + "; use castTo");
    }
    State state;
    try (Tape tape = Tape.inference()) {
      state = mixer.initialState(Context.inference(tape, parameters), 3, DataType.FLOAT).detach();
    }
    refused(mixer, parameters, Nd4j.create(DataType.FLOAT, 2, 3, WIDTH), state)
        .hasMessage(name + ": state must have B=2 rows, got 3");
  }

  /** Rows of which some have ended leave the batch; a step would go on with them. */
  @ParameterizedTest
  @MethodSource("examples")
  void step_refusesPaddedRows(MixerConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    if (mixer.parametrisation().isBidirectional()) {
      return;
    }
    Parameters parameters = Parameters.of(mixer, DataType.FLOAT, 1);
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    Variable x = tape.constant(Nd4j.zeros(DataType.FLOAT, 2, 1, WIDTH));
    MixerSubject.offering(context, x.value());
    assertThat(mixer.step(context.withLengths(new int[] {1, 1}), x, null).state().consumed())
        .containsExactly(1, 1);
    String name = mixer.parametrisation().name();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> mixer.step(context.withLengths(new int[] {1, 0}), x, null))
        .withMessage(
            name + ": step takes rows without padding, got lengths [1, 0]; leave lengths out");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> mixer.linearize(context.withLengths(new int[] {1, 0}), x, null, 0, 0))
        .withMessage(
            name + ": linearize takes rows without padding, got lengths [1, 0]; leave lengths out");
  }

  /** Rows without a valid token leave the state that every sequence starts from. */
  @ParameterizedTest
  @MethodSource("examples")
  void forward_ofNothingLeavesTheFirstState(MixerConfig config) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(WIDTH));
    if (mixer.parametrisation().isBidirectional()) {
      return;
    }
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, Parameters.of(mixer, DataType.DOUBLE, 1));
    Variable nothing = tape.constant(Nd4j.zeros(DataType.DOUBLE, 2, 9, WIDTH));
    MixerSubject.offering(context, nothing.value());
    State left = mixer.forward(context.withLengths(new int[] {0, 0}), nothing, null).state();
    assertThat(left.consumed()).containsExactly(0, 0);
    Variable x = tape.constant(Nd4j.linspace(DataType.DOUBLE, -1, 0.1, 2 * WIDTH));
    Variable token = Primitives.reshape(tape, x, 2, 1, WIDTH);
    MixerSubject.offering(context, token.value());
    assertThat(mixer.step(context, token, left).outputs().value())
        .isEqualTo(mixer.step(context, token, null).outputs().value());
  }

  @Test
  void lengths_thatDontFitAreRefused() {
    FeedForward block = GluConfig.standard().build(MixerConfig.Place.alone(WIDTH));
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, Parameters.of(block, DataType.FLOAT, 1));
    Variable x = tape.constant(Nd4j.zeros(DataType.FLOAT, 2, 3, WIDTH));
    for (int[] lengths : new int[][] {{2}, {3, 3, 3}, {2, 4}, {-1, 3}}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> block.forward(context.withLengths(lengths), x))
          .withMessageStartingWith("padded rows: length");
    }
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ?> refused(
      SequenceMixer mixer, Parameters parameters, INDArray x, State state) {
    return assertThatThrownBy(
            () -> {
              Tape tape = Tape.detached();
              mixer.forward(Context.inference(tape, parameters), tape.constant(x), state);
            })
        .isInstanceOf(IllegalArgumentException.class);
  }
}
