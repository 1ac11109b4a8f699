package io.sequencezoo.core.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.contract.MixerSubject.Result;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Law 9: state bytes, parameters and cost per token are what the block says. */
final class DeclarationLaws {
  /** Decay, write, correction and read, for up to two query heads to a key head. */
  private static final long USES_OF_STATE = 8;

  /**
   * What an optimiser may do to a matrix of its state: five iterations of three products of
   * matrices, for each number as many multiply-adds as there are rows.
   */
  private static final long PRODUCTS_OF_STATE = 15;

  private DeclarationLaws() {}

  /** The state of a row takes the declared bytes before the first token. */
  static void stateBytes(MixerSubject subject) {
    State state =
        subject
            .mixer(Solver.AUTO)
            .initialState(
                Context.inference(Tape.detached(), subject.parameters()), 2, subject.type());
    assertBytes(subject, "before the first token", state, 0);
  }

  /** And after any. */
  static void laterStateBytes(MixerSubject subject) {
    int tokens = 0;
    State state = null;
    for (int steps : new int[] {1, 1, 5, 60}) {
      tokens += steps;
      Result result = subject.forward(Solver.AUTO, subject.input(51, 2, steps), state, null);
      state = result.state();
      assertBytes(subject, "after " + tokens, state, tokens);
    }
    Result stepped = subject.step(subject.input(52, 2, 1), state);
    assertBytes(subject, "after a step", stepped.state(), tokens + 1);
  }

  private static void assertBytes(MixerSubject subject, String when, State state, int tokens) {
    assertThat(state.bytesPerRow())
        .as("bytes of state %s", when)
        .isEqualTo(subject.parametrisation().stateBytes(tokens, subject.type()));
    for (int consumed : state.consumed()) {
      assertThat(consumed).as("tokens consumed %s", when).isEqualTo(tokens);
    }
  }

  /** Every declared parameter counts: the outputs depend on it. */
  static void parametersAreUsed(MixerSubject subject) {
    INDArray x = subject.input(53, 2, 9);
    subject.gradients(Solver.AUTO, x, subject.input(54, 2, 9), null);
    assertUsed(subject.parameters());
  }

  /**
   * The declared cost is what weights and state can account for: every entry of a weight matrix is
   * used once per token, every number of the state a few times, so that a constant state costs the
   * same at every position. Exact counts are in the blocks' own tests.
   */
  static void cost(MixerSubject subject) {
    Parametrisation block = subject.parametrisation();
    long weights =
        subject.parameters().specs().stream()
            .filter(spec -> spec.shape().length == 2)
            // A table of positions is looked up, not multiplied with.
            .filter(spec -> !spec.name().endsWith("position.weight"))
            .mapToLong(ParameterSpec::length)
            .sum();
    // What looks both ways keeps no state but sums one on its way, of at most D x D numbers.
    long sums = block.isBidirectional() ? (long) subject.width() * subject.width() : 0;
    for (int position : new int[] {0, 1, 7, 100, 1000}) {
      String what = "multiply-adds at position " + position;
      long rest = block.multiplyAddsPerToken(position) - weights;
      long state = block.stateBytes(position + 1, subject.type()) / subject.type().width();
      assertThat(rest)
          .as("%s beyond those of the weights", what)
          .isBetween(0L, usesOfState(block) * (state + sums + subject.width()));
      if (state == block.stateBytes(1, subject.type()) / subject.type().width()) {
        assertThat(block.multiplyAddsPerToken(position))
            .as("%s, with a state of constant size", what)
            .isEqualTo(block.multiplyAddsPerToken(0));
      }
    }
  }

  private static long usesOfState(Parametrisation block) {
    return block.recurrence().family() == Family.OPTIMISER_MEMORY
        ? USES_OF_STATE + PRODUCTS_OF_STATE * block.width()
        : USES_OF_STATE;
  }

  /** After backward: every parameter has a gradient, and their sizes add up. */
  static void assertUsed(Parameters parameters) {
    List<String> unused =
        parameters.specs().stream()
            .map(ParameterSpec::name)
            .filter(name -> !hasGradient(parameters.gradient(name)))
            .toList();
    assertThat(unused).as("declared parameters without influence").isEmpty();
    long sum = 0;
    for (ParameterSpec spec : parameters.specs()) {
      sum += parameters.value(spec.name()).length();
    }
    assertThat(parameters.count()).isEqualTo(sum);
  }

  private static boolean hasGradient(INDArray gradient) {
    for (double g : Close.values(gradient)) {
      if (g != 0) {
        return true;
      }
    }
    return false;
  }
}
