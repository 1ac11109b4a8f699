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
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** What holds when any mixer generates, however its steps are computed. */
class GenerationLawTest {
  private static final int VOCABULARY = 11;
  private static final int WIDTH = 8;
  private static final int LAYERS = 2;

  /** Some caches double, some tables end, and some windows fill within these. */
  private static final int TOKENS = 70;

  private static final int[] PROMPT = {1, 2, 3, 4};

  /** Tokens that settle caches, and those that are measured; no cache doubles among the latter. */
  private static final int SETTLING = 150;

  private static final int MEASURED = 64;

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
  @ValueSource(
      strings = {
        "comba",
        "delta_net",
        "delta_product",
        "elman",
        "gated_delta_net",
        "gated_delta_net_2",
        "gla",
        "gru",
        "gsa",
        "hgrn",
        "hgrn2",
        "kimi_delta_attention",
        "latent_attention",
        "lstm",
        "mamba",
        "mamba2",
        "min_gru",
        "min_lstm",
        "mlstm",
        "retnet",
        "rhn",
        "rwkv6",
        "rwkv7",
        "simple_gla",
        "slstm",
        "softmax_attention"
      })
  void token_leavesNoGarbage(String type) {
    // Vectors are objects until their loops are compiled, which takes as long as it takes.
    assumeTrue(KernelInfo.current().vectorBits().isEmpty());
    MixerConfig mixer = (MixerConfig) Registry.get().entries().get(type).examples().get(0);
    LanguageModel model = model(mixer);
    long[] allocated = new long[SETTLING + MEASURED + 1];
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    new Generator(model, parameters(model))
        .generate(
            List.of(PROMPT),
            Sampling.greedy(allocated.length),
            (row, index, token) ->
                allocated[index] = threads.getThreadAllocatedBytes(Thread.currentThread().getId()));
    long bytes = allocated[SETTLING + MEASURED] - allocated[SETTLING];
    assertThat(bytes / MEASURED).as("%s: %s", type, Arrays.toString(PROMPT)).isLessThan(HEAP);
  }
}
