package io.sequencezoo.models.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.KernelInfo;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.models.channel.GluConfig;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** What holds when any mixer generates, however its steps are computed. */
class GenerationLawTest {
  private static final int VOCABULARY = 11;
  private static final int WIDTH = 8;
  private static final int LAYERS = 2;

  /** Some caches double, some tables end, and some windows fill within these. */
  private static final int TOKENS = 70;

  /** Tokens of several rows. */
  private static final int ROW_TOKENS = 40;

  private static final int[] PROMPT = {1, 2, 3, 4};

  /** Tokens that settle caches, and those that are measured. */
  private static final int SETTLING = 150;

  private static final int MEASURED = 64;

  /** Mixers of which an example's sequences end before the tokens that are measured. */
  private static final Set<String> ENDING = Set.of("hyena", "lightnet", "softmax_attention");

  /** Heap bytes of a token: a kilobyte, whatever the model. */
  private static final long HEAP = 1024;

  static Stream<MixerConfig> examples() {
    return Registry.get().entries().values().stream()
        .flatMap(entry -> entry.examples().stream())
        .filter(MixerConfig.class::isInstance)
        .map(MixerConfig.class::cast)
        .filter(GenerationLawTest::generates);
  }

  private static boolean generates(MixerConfig mixer) {
    try {
      LanguageModel model = model(mixer);
      new Generator(model, parameters(model)).generate(PROMPT, Sampling.greedy(TOKENS));
      return true;
    } catch (IllegalArgumentException e) {
      // It doesn't fit the width, sees whole sequences, or ends before so many tokens.
      return false;
    }
  }

  private static LanguageModel model(MixerConfig mixer) {
    return new LanguageModel(
        LanguageModelConfig.of(VOCABULARY, WIDTH, LAYERS, mixer, GluConfig.standard()));
  }

  private static Parameters parameters(LanguageModel model) {
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    // Logits far enough apart that a wrong one shows.
    parameters.values().muli(3);
    return parameters;
  }

  @ParameterizedTest
  @MethodSource("examples")
  void tokens_areThoseOfStepsOnTapesOfTheirOwn(MixerConfig mixer) {
    LanguageModel model = model(mixer);
    Parameters parameters = parameters(model);
    Sampling sampling = Sampling.random(TOKENS, 1, 3);
    assertThat(new Generator(model, parameters).generate(PROMPT, sampling))
        .containsExactly(stepped(model, parameters, sampling));
  }

  @ParameterizedTest
  @MethodSource("examples")
  void tokens_ofRowsTogether_areThoseOfEachAlone(MixerConfig mixer) {
    LanguageModel model = model(mixer);
    Generator generator = new Generator(model, parameters(model));
    // Windows fill at other tokens in each row.
    List<int[]> prompts = List.of(new int[] {5}, PROMPT, new int[] {7, 6, 5, 4, 3, 2, 1, 8, 9});
    List<int[]> together =
        generator.generate(prompts, Sampling.greedy(ROW_TOKENS), (row, index, token) -> {});
    for (int row = 0; row < prompts.size(); row++) {
      assertThat(together.get(row))
          .isEqualTo(generator.generate(prompts.get(row), Sampling.greedy(ROW_TOKENS)));
    }
  }

  private static int[] stepped(LanguageModel model, Parameters parameters, Sampling sampling) {
    Sampler sampler = new Sampler(sampling);
    SplittableRandom random = new SplittableRandom(sampling.seed());
    int[] tokens = new int[sampling.maxTokens()];
    State state = null;
    for (int i = 0; i < tokens.length; i++) {
      int[][] input = {i == 0 ? PROMPT : new int[] {tokens[i - 1]}};
      try (Tape tape = Tape.inference()) {
        Context context = Context.inference(tape, parameters);
        Evolution output =
            i == 0
                ? model.prefill(context, Nd4j.createFromArray(input), null)
                : model.step(context, Nd4j.createFromArray(input), state);
        double[] logits =
            output.outputs().value().castTo(DataType.DOUBLE).dup('c').data().asDouble();
        tokens[i] = sampler.choose(logits, random);
        state = output.state().detach();
      }
    }
    return tokens;
  }

  @ParameterizedTest
  @MethodSource("examples")
  void token_leavesNoGarbage(MixerConfig mixer) {
    // Vectors are objects until their loops are compiled, which takes as long as it takes.
    assumeTrue(KernelInfo.current().vectorBits().isEmpty());
    LanguageModel model = model(mixer);
    Allocation allocation = new Allocation();
    try {
      // As they start: larger weights let states grow beyond numbers within so many tokens.
      new Generator(model, Parameters.of(model, DataType.FLOAT, 1))
          .generate(List.of(PROMPT), Sampling.greedy(Integer.MAX_VALUE), allocation);
    } catch (Measured e) {
      assertThat(allocation.perToken).as("heap bytes of a token").isLessThan(HEAP);
    } catch (IllegalArgumentException e) {
      // A sequence of this one ends before: others of its type go on.
      assertThat(e).hasMessageContaining("must");
      assertThat(ENDING).contains(Registry.typeName(mixer.getClass()));
    }
  }

  /** Measures what tokens allocate, and ends their generation. */
  private static final class Allocation implements Generator.Listener {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private long before;
    private long perToken;

    @Override
    public void token(int row, int index, int token) {
      if (index == SETTLING) {
        before = now();
      } else if (index == SETTLING + MEASURED) {
        perToken = (now() - before) / MEASURED;
        throw new Measured();
      }
    }

    private long now() {
      return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    }
  }

  /** Ends a generation that has been measured. */
  private static final class Measured extends RuntimeException {
    private static final long serialVersionUID = 1;
  }
}
