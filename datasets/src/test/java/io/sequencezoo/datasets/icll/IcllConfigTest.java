package io.sequencezoo.datasets.icll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.config.Configs;
import org.junit.jupiter.api.Test;

/** Configuration: round trip and messages. */
final class IcllConfigTest {
  private static final IcllConfig CONFIG = IcllConfig.regBench(1, 2500);

  @Test
  void json_roundTrips() {
    String json = Configs.write(CONFIG);
    assertThat(Configs.read("icll", json, IcllConfig.class)).isEqualTo(CONFIG);
    assertThat(Configs.write(Configs.read("icll", json, IcllConfig.class))).isEqualTo(json);
  }

  @Test
  void missingSeed_isZeroAndWritten() {
    IcllConfig read = Configs.read("task", "{trainExamples: 2500}", IcllConfig.class);
    assertThat(read).isEqualTo(IcllConfig.regBench(0, 2500));
    assertThat(Configs.write(read)).contains("\"seed\" : 0");
  }

  @Test
  void whatIsLeftOut_isAsInRegBench() {
    String yaml = "{seed: 1, testExamples: 7, prompts: {stringBound: 30}}";
    assertThat(Configs.read("task", yaml, IcllConfig.class))
        .isEqualTo(
            new IcllConfig(
                1L,
                2500,
                500,
                7,
                new IcllConfig.Languages(18, 12, 4),
                new IcllConfig.Prompts(10, 30, 50)));
    assertThatThrownBy(() -> Configs.read("task", "{seed: 1, examples: 7}", IcllConfig.class))
        .hasMessageContaining("examples");
  }

  @Test
  void sizes_areChecked() {
    assertThatThrownBy(() -> IcllConfig.regBench(1, 0))
        .hasMessage("icll: trainExamples must be between 1 and 1000000, got 0");
    assertThatThrownBy(() -> new IcllConfig.Languages(3, 12, 4))
        .hasMessage("icll: symbols must be at least edgeBound 4, got 3");
    assertThatThrownBy(() -> new IcllConfig.Languages(18, 64, 4))
        .hasMessage("icll: maxStates must be between edgeBound 4 and 63, got 64");
    assertThatThrownBy(() -> new IcllConfig.Prompts(10, 10, 50))
        .hasMessage(
            "icll: stringBound must be above minStrings 10, got 10; the bound is exclusive");
    assertThatThrownBy(() -> new IcllConfig.Languages(27, 12, 4))
        .hasMessage("icll vocabulary: symbols must be between 1 and 26, got 27");
  }

  @Test
  void longestPrompt_isOfTheLargestDraws() {
    assertThat(CONFIG.longestPrompt()).isEqualTo(19 * 49 + 18);
  }
}
