package io.sequencezoo.eval.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.node.IntNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.model.LanguageModelConfig;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChangeTest {
  private static LanguageModelConfig model(String mixer) {
    return Configs.read(
        "model",
        "{type: language_model, vocabulary: 9, width: 16, layers: 2, mixer: " + mixer + "}",
        LanguageModelConfig.class);
  }

  private static final LanguageModelConfig ATTENTION =
      model("{type: softmax_attention, heads: 2, shortConvolution: 4}");

  private static LanguageModelConfig changed(LanguageModelConfig model, String text) {
    return new Change(text, null).apply(model);
  }

  @Test
  void minus_switchesOff() {
    LanguageModelConfig gla = model("{type: gla, heads: 2}");
    assertThat(gla.mixer()).isInstanceOf(GlaConfig.class);
    LanguageModelConfig without = changed(gla, "- norm");
    assertThat(without.mixer()).isEqualTo(Configs.with(gla.mixer(), "norm", false));
    assertThat(changed(gla, "- mixer.norm")).isEqualTo(without);
    assertThat(changed(gla, "-norm")).isEqualTo(without);
    assertThat(changed(ATTENTION, "- shortConvolution"))
        .isEqualTo(Configs.with(ATTENTION, "mixer.shortConvolution", 0));
    assertThat(changed(ATTENTION, "- tiedEmbeddings").tiedEmbeddings()).isFalse();
  }

  @Test
  void plus_switchesOn() {
    LanguageModelConfig apart = Configs.with(ATTENTION, "tiedEmbeddings", false);
    assertThat(changed(apart, "+ tiedEmbeddings")).isEqualTo(ATTENTION);
  }

  @Test
  void arrow_replacesABlockAndKeepsSizes() {
    LanguageModelConfig gla = changed(ATTENTION, "softmax_attention -> gla");
    assertThat(gla.mixer())
        .isEqualTo(
            Configs.with(Configs.standard("gla"), Map.of("heads", 2, "shortConvolution", 4)));
    LanguageModelConfig hybrid =
        Configs.read(
            "model",
            "{type: language_model, width: 16, layers: [{mixer: {type: lstm}}, {mixer: {type: gla, heads: 2}}]}",
            LanguageModelConfig.class);
    LanguageModelConfig gru = changed(hybrid, "lstm->gru");
    assertThat(gru.mixers()).isEqualTo(List.of(Configs.standard("gru"), hybrid.mixers().get(1)));
  }

  @Test
  void set_changesByPath() {
    Change change =
        Configs.read("change", "{name: wide, set: {width: 32, mixer.heads: 4}}", Change.class);
    assertThat(change.apply(ATTENTION))
        .isEqualTo(Configs.with(ATTENTION, Map.of("width", 32, "mixer.heads", 4)));
    assertThat(Configs.read("change", Configs.write(change), Change.class)).isEqualTo(change);
    Change text = Configs.read("change", "\"- norm\"", Change.class);
    assertThat(text).isEqualTo(new Change("- norm", null));
    assertThat(Configs.write(text)).isEqualTo("\"- norm\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          - gaet | change - gaet: gaet must be something to switch off, one of [
          + norm | change + norm: norm must be something to switch on, one of [
          lstm -> gru | the model must have a block of type lstm, it has [
          softmax_attention -> gal | gal
          softmax_attention -> softmax_attention | which is like this already
          - heads | change - heads:
          """)
  void mistakes_areNamed(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> changed(ATTENTION, text))
        .withMessageContaining(message.strip())
        .withMessageContaining("change " + text.strip());
  }

  @Test
  void wrongForms_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Change("gate off", null))
        .withMessageContaining("must be \"- SWITCH\", \"+ SWITCH\", \"TYPE -> TYPE\", or say");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Change(" ", Map.of("width", IntNode.valueOf(1))))
        .withMessageContaining("must have a name");
    for (String wrong :
        List.of("5", "{name: a}", "{name: a, set: 1}", "{name: a, set: {}, x: 1}")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Configs.read("change", wrong, Change.class))
          .withMessageStartingWith("change")
          .withMessageNotContaining("\n");
    }
  }
}
