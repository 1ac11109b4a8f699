package io.sequencezoo.eval.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.config.Configs;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The baselines over 500 automata against the published figures (digitised, hence the widths). */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class IcllBaselinesTest {
  private static final int PROBLEMS = 500;
  private static final long SEED = 1;
  // The published values are read off figures and come from other automata.
  private static final double TVD_WIDTH = 0.02;
  private static final double BIGRAM_ACCURACY_WIDTH = 0.03;
  private static final double TRIGRAM_ACCURACY_WIDTH = 0.02;

  private static final double ROUNDING = 1e-12;
  // ln(p + ε) for ln p at p = 1/20.
  private static final double EPSILON_SHIFT = 1e-5;

  private IcllBaselines.Results results;

  @BeforeAll
  void run() {
    results = IcllBaselines.run(PROBLEMS, SEED);
  }

  @Test
  void bigram_matchesTheFigure() {
    assertThat(results.scores("2-gram").tvd().value()).isCloseTo(0.34, within(TVD_WIDTH));
    assertThat(results.scores("2-gram").accuracy().value())
        .isCloseTo(0.83, within(BIGRAM_ACCURACY_WIDTH));
  }

  @Test
  void trigram_matchesTheFigure() {
    assertThat(results.scores("3-gram").tvd().value()).isCloseTo(0.27, within(TVD_WIDTH));
    assertThat(results.scores("3-gram").accuracy().value())
        .isCloseTo(0.93, within(TRIGRAM_ACCURACY_WIDTH));
  }

  @Test
  void fourgram_starves() {
    assertThat(results.scores("3-gram").tvd().value())
        .isLessThan(results.scores("4-gram").tvd().value());
  }

  @Test
  void automaton_isTheBound() {
    IcllScores bound = results.scores("automaton");
    assertThat(bound.accuracy().value()).isEqualTo(1);
    assertThat(bound.tvd().value()).isZero();
    assertThat(bound.kl().value()).isCloseTo(0, within(ROUNDING));
    assertThat(results.scores())
        .allSatisfy(
            scores ->
                assertThat(scores.crossEntropy().value())
                    .isGreaterThanOrEqualTo(bound.crossEntropy().value()));
  }

  @Test
  void uniform_alwaysNamesThePad() {
    IcllScores uniform = results.scores("uniform");
    assertThat(uniform.accuracy().value()).isZero();
    assertThat(uniform.nll().value()).isCloseTo(Math.log(20), within(EPSILON_SHIFT));
  }

  @Test
  void ngrams_improveWithThePrompt() {
    List<IcllScores.CurvePoint> curve = results.scores("3-gram").curve();
    assertThat(curve.get(0).from()).isZero();
    assertThat(curve.get(0).positions()).isEqualTo((long) PROBLEMS * IcllMetrics.DEFAULT_BIN);
    assertThat(curve.get(0).accuracy()).isLessThan(0.8);
    assertThat(curve.get(12).accuracy()).isGreaterThan(0.93);
    assertThat(curve.get(12).tvd()).isLessThan(0.22);
  }

  @Test
  void summary_looksAsTheReferenceChecksFound() {
    // Means of two independent generators: 7.0 states, 376 to 386 tokens, out-degree 1.97 to 2.12.
    assertThat(results.summary().states()).isCloseTo(7, within(0.3));
    assertThat(results.summary().promptTokens()).isCloseTo(380, within(20.0));
    assertThat(results.summary().outDegree()).isCloseTo(2, within(0.06));
  }

  @Test
  void results_areReadBackFromJson() {
    String json = Configs.write(results);
    assertThat(Configs.read("results", json, IcllBaselines.Results.class)).isEqualTo(results);
  }

  @Test
  void results_areTheSameAgain() {
    assertThat(IcllBaselines.run(20, 3)).isEqualTo(IcllBaselines.run(20, 3));
    assertThat(IcllBaselines.run(20, 3)).isNotEqualTo(IcllBaselines.run(20, 4));
  }

  @Test
  void noProblems_areRefused() {
    assertThatThrownBy(() -> IcllBaselines.run(0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("icll: problems must be at least 1, got 0");
    assertThatThrownBy(() -> results.scores("5-gram"))
        .hasMessageStartingWith("icll: baseline must be one of [uniform, ");
  }
}
