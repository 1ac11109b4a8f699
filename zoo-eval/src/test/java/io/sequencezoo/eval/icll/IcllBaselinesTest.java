package io.sequencezoo.eval.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.config.Configs;
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

  private IcllBaselines.Results results;

  @BeforeAll
  void run() {
    results = IcllBaselines.run(PROBLEMS, SEED);
    System.err.println(Configs.write(results).replaceAll("(?s)\"curve\".*?\\]", ""));
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
}
