package io.sequencezoo.models.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class GeneratorTest {
  private static final List<int[]> PROMPTS =
      List.of(new int[] {1, 2, 3}, new int[] {4}, new int[] {5, 6, 7, 8, 9});

  private final LanguageModel model =
      new LanguageModel(
          LanguageModelConfig.of(11, 8, 2, LstmConfig.standard(), GluConfig.standard()));
  private final Parameters parameters = parameters();
  private final Generator generator = new Generator(model, parameters);

  private Parameters parameters() {
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    // Far enough from uniform for choices to differ.
    parameters.values().muli(8);
    return parameters;
  }

  @Test
  void greedy_takesTheLikeliestOfTheParallelForward() {
    int[] tokens = PROMPTS.get(0);
    int[] expected = new int[6];
    for (int i = 0; i < expected.length; i++) {
      Context context = Context.inference(Tape.detached(), parameters);
      double[] logits =
          model
              .forward(context, Nd4j.createFromArray(new int[][] {tokens}))
              .value()
              .data()
              .asDouble();
      int from = (tokens.length - 1) * 11;
      expected[i] = likeliest(Arrays.copyOfRange(logits, from, from + 11));
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = expected[i];
    }
    assertThat(generator.generate(PROMPTS.get(0), Sampling.greedy(6))).containsExactly(expected);
  }

  private static int likeliest(double[] logits) {
    int best = 0;
    for (int i = 0; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  @Test
  void rows_dontDependOnEachOther() {
    List<int[]> together = generate(Sampling.greedy(9));
    for (int b = 0; b < PROMPTS.size(); b++) {
      assertThat(generator.generate(PROMPTS.get(b), Sampling.greedy(9)))
          .containsExactly(together.get(b));
    }
  }

  @Test
  void seed_decidesEverything() {
    List<int[]> first = generate(Sampling.random(20, 1, 7));
    assertThat(generate(Sampling.random(20, 1, 7))).containsExactlyElementsOf(first);
    assertThat(generate(Sampling.random(20, 1, 8)).get(0)).isNotEqualTo(first.get(0));
  }

  private List<int[]> generate(Sampling sampling) {
    return generator.generate(PROMPTS, sampling, (row, index, token) -> {});
  }

  @Test
  void listener_hearsEveryTokenAndStopTokensEndRows() {
    int[] free = generator.generate(PROMPTS.get(1), Sampling.random(30, 2, 3));
    int stop = free[4];
    List<List<Integer>> heard = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    List<int[]> rows =
        generator.generate(
            PROMPTS,
            Sampling.random(30, 2, 3).withStopToken(stop),
            (row, index, token) -> {
              assertThat(index).isEqualTo(heard.get(row).size());
              heard.get(row).add(token);
            });
    for (int b = 0; b < rows.size(); b++) {
      int[] row = rows.get(b);
      assertThat(heard.get(b)).containsExactlyElementsOf(Arrays.stream(row).boxed().toList());
      for (int i = 0; i < row.length - 1; i++) {
        assertThat(row[i]).isNotEqualTo(stop);
      }
      assertThat(row.length == 30 || row[row.length - 1] == stop).isTrue();
    }
  }

  @Test
  void topK_keepsTheKLikeliest() {
    double[] logits = {0.3, 2, -1, 1.5, 0};
    double[] p = probabilities(Sampling.random(1, 0.5, 0).withTopK(2), logits);
    double odds = Math.exp((2 - 1.5) / 0.5);
    assertThat(p)
        .containsExactly(new double[] {0, odds / (1 + odds), 0, 1 / (1 + odds), 0}, within(1e-12));
  }

  @Test
  void topP_keepsTheSmallestNucleus() {
    double[] logits = {Math.log(.1), Math.log(.5), Math.log(.15), Math.log(.25)};
    assertThat(probabilities(Sampling.random(1, 1, 0).withTopP(.7), logits))
        .containsExactly(new double[] {0, .5 / .75, 0, .25 / .75}, within(1e-12));
    assertThat(probabilities(Sampling.random(1, 1, 0).withTopP(.01), logits))
        .containsExactly(0, 1, 0, 0);
    // Of the two likeliest, renormalised to 2/3 and 1/3, the first alone has 0.6.
    assertThat(probabilities(Sampling.random(1, 1, 0).withTopK(2).withTopP(.6), logits))
        .containsExactly(0, 1, 0, 0);
  }

  private static double[] probabilities(Sampling sampling, double[] logits) {
    return new Sampler(sampling).probabilities(logits);
  }

  @Test
  void choices_followTheProbabilities() {
    double[] logits = {Math.log(.1), Math.log(.6), Math.log(.3)};
    Sampler sampler = new Sampler(Sampling.random(1, 1, 0));
    SplittableRandom random = new SplittableRandom(1);
    double[] share = new double[3];
    int draws = 100_000;
    for (int i = 0; i < draws; i++) {
      share[sampler.choose(logits, random)] += 1.0 / draws;
    }
    // Four standard deviations of a share are at most 0.0063.
    assertThat(share).containsExactly(new double[] {.1, .6, .3}, within(.0063));
  }

  @Test
  void mistakes_areRefused() {
    assertThatThrownBy(() -> generator.generate(new int[0], Sampling.greedy(1)))
        .hasMessage("generate: prompt 0 must have at least one token");
    assertThatThrownBy(() -> generator.generate(new int[] {11}, Sampling.greedy(1)))
        .hasMessage("generate: tokens of prompt 0 must be in [0, 11), got 11");
    assertThatThrownBy(() -> Sampling.greedy(1).withTopP(0)).hasMessageContaining("topP");
    assertThat(generator.generate(new int[] {1}, Sampling.greedy(0))).isEmpty();
  }
}
