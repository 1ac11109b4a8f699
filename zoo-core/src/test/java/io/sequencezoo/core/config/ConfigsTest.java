package io.sequencezoo.core.config;

import static com.google.common.base.Preconditions.checkArgument;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigsTest {
  private static final String MODEL = "{mixer: {type: attention, heads: 4}, batch: 8}";

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  @JsonSubTypes({@JsonSubTypes.Type(Attention.class), @JsonSubTypes.Type(Cell.class)})
  sealed interface Mixer {}

  @JsonTypeName("attention")
  record Attention(int heads, int keyHeads, boolean bias, String label) implements Mixer {
    Attention {
      checkArgument(heads % keyHeads == 0, "attention: heads %s, keyHeads %s", heads, keyHeads);
    }

    static Attention standard() {
      return standard(2);
    }

    static Attention standard(int heads) {
      return new Attention(heads, heads, true, "a");
    }
  }

  enum Start {
    @JsonProperty("code")
    @JsonAlias("false")
    CODE,
    @JsonProperty("paper")
    PAPER
  }

  @JsonTypeName("cell")
  record Cell(Start start, double clip, @Derived int units) implements Mixer {
    static Cell standard() {
      return standard(Start.CODE);
    }

    static Cell standard(Start start) {
      return new Cell(start, start == Start.PAPER ? 0.5 : 0, 0);
    }
  }

  record Model(Mixer mixer, int batch, double rate, List<Mixer> mixers, @Derived long steps) {
    static Model standard(Mixer mixer, int batch, long steps) {
      return new Model(mixer, batch, 1e-3, List.of(), steps);
    }
  }

  /** At least one of the two must be there; neither has a default. */
  record Pair(@Derived @Nullable Mixer first, @Derived Mixer second) {
    Pair {
      checkArgument(first != null || second != null, "pair: one must be given");
    }

    static Pair standard(Mixer first, Mixer second) {
      return new Pair(first, second);
    }
  }

  private static Model model(String text) {
    return Configs.read("model.yaml", text, Model.class);
  }

  private static Cell cell(String text) {
    return Configs.read("cell.yaml", text, Cell.class);
  }

  @Test
  void booleanForAKind_isTheOneThatHasItAsAnAlias() {
    assertThat(Configs.read("cell", "{type: cell, start: false}", Cell.class))
        .isEqualTo(Cell.standard());
    assertThat(Configs.with(Cell.standard(Start.PAPER), "start", false)).isEqualTo(Cell.standard());
    assertThatThrownBy(() -> Configs.read("cell", "{type: cell, start: true}", Cell.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("start: unknown value true at line 1");
  }

  @Test
  void absentKeys_areThoseOfStandard() {
    assertThat(model("{mixer: {type: attention}, batch: 8}"))
        .isEqualTo(new Model(new Attention(2, 2, true, "a"), 8, 1e-3, List.of(), 0));
  }

  @Test
  void derivedKeysThatAreAbsent_areNullAndNotWritten() {
    Pair read = Configs.read("pair", "{second: {type: cell}}", Pair.class);
    assertThat(read).isEqualTo(new Pair(null, Cell.standard()));
    assertThat(Configs.write(read)).doesNotContain("first");
    assertThatThrownBy(() -> Configs.read("pair", "{}", Pair.class))
        .hasMessageContaining("pair: one must be given");
  }

  @Test
  void absentKeys_mayDependOnOthers() {
    assertThat(cell("{type: cell}")).isEqualTo(new Cell(Start.CODE, 0, 0));
    assertThat(cell("{type: cell, start: paper}")).isEqualTo(new Cell(Start.PAPER, 0.5, 0));
    assertThat(cell("{type: cell, start: paper, clip: 0}")).isEqualTo(new Cell(Start.PAPER, 0, 0));
  }

  @Test
  void requiredKeys_areNamed() {
    assertThatThrownBy(() -> model("{mixer: {type: attention}}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("model.yaml: model: batch must be given");
  }

  @Test
  void derivedZeros_areNotWritten() {
    assertThat(Configs.write(new Cell(Start.CODE, 0, 0))).doesNotContain("units");
    assertThat(Configs.write(new Cell(Start.CODE, 0, 3))).contains("\"units\" : 3");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "heads: '2'      | mixer.heads: must be a whole number, got text '2' at line 3",
        "heads: ''       | mixer.heads: must be a whole number",
        "heads: two      | mixer.heads: must be a whole number, got text 'two' at line 3",
        "heads: 2.5      | mixer.heads: must be a whole number, got '2.5' at line 3",
        "heads: true     | mixer.heads: must be a whole number",
        "heads: [2]      | mixer.heads: must be a whole number",
        "heads: null     | mixer.heads: must not be null; leave the key out for its default at line",
        "heads:          | mixer.heads: must not be null",
        "heads: 010      | mixer.heads: numbers must be decimal and finite, got 010 at line 3",
        "heads: 0x10     | mixer.heads: numbers must be decimal and finite, got 0x10 at line 3",
        "heads: 1_0      | mixer.heads: numbers must be decimal and finite, got 1_0 at line 3",
        "heads: 99999999999 | heads",
        "bias: -7        | mixer.bias: must be true or false, got '-7' at line 3",
        "bias: 1         | mixer.bias: must be true or false, got '1' at line 3",
        "bias: \"\\0\"   | mixer.bias: must be true or false",
        "bias: ''        | mixer.bias: must be true or false",
        "label: 12       | mixer.label: must be text, got '12' at line 3",
        "label: null     | mixer.label: must not be null",
        "head: 2 | mixer: unknown key head at line 3 column 3; did you mean heads; known are bias, heads, keyHeads, label",
        "zzzzzz: 2 | mixer: unknown key zzzzzz at line 3 column 3; known are bias, heads, keyHeads, label",
        "heads: 3, heads: 4 | Duplicate field 'heads' at line 4",
      })
  void strictly(String field, String message) {
    String text = "batch: 8\nmixer:\n  {type: attention, " + field + "}\n";
    String block = "batch: 8\nmixer:\n  " + field.replace(", ", "\n  ") + "\n  type: attention\n";
    assertThatThrownBy(() -> model(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("model.yaml: ");
    assertThatThrownBy(() -> model(block)).hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {".inf", "-.inf", ".nan", "1e400", "007", "1_0.5", "0o7", "190:20:30", "''"})
  void numbers_areDecimalAndFinite(String number) {
    assertThatThrownBy(() -> model("{mixer: {type: attention}, batch: 8, rate: " + number + "}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("rate")
        .hasMessageContaining("line 1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e-3", "5E-4", "3", "0.5", "-0.5", "1.5e+2"})
  void decimalNumbers_areRead(String number) {
    assertThat(model("{mixer: {type: attention}, batch: 8, rate: " + number + "}").rate())
        .isEqualTo(Double.parseDouble(number));
  }

  @Test
  void unknownTypesAndValues_nameTheNearest() {
    assertThatThrownBy(() -> model("mixer: {type: atention}\nbatch: 1"))
        .hasMessageContaining("mixer: unknown type atention at line 1")
        .hasMessageContaining("; did you mean attention; known are attention, cell");
    assertThatThrownBy(() -> cell("{type: cell, start: papers}"))
        .hasMessageContaining("start: unknown value papers at line 1")
        .hasMessageContaining("; did you mean paper; known are code, paper");
    assertThatThrownBy(() -> cell("{type: cell, start: 1}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("start");
  }

  @Test
  void unknownTopKey_isNamed() {
    assertThatThrownBy(() -> model("mixer: {type: attention}\nbatch_size: 8"))
        .hasMessage(
            "model.yaml: unknown key batch_size at line 2 column 1; did you mean batch; known are"
                + " batch, mixer, mixers, rate, steps");
  }

  @Test
  void nullsInLists_areRefused() {
    assertThatThrownBy(() -> model("{mixer: {type: attention}, batch: 8, mixers: [null]}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mixers.0: must not be null");
  }

  @Test
  void texts_comeBackFromYaml() throws Exception {
    for (String label : List.of("12e3", "010", "true", "null", ".inf", "1_0", "a", "~", "")) {
      Attention written = new Attention(2, 2, true, label);
      String text = Configs.yaml().writeValueAsString(written);
      assertThat(Configs.read("it", text, Mixer.class)).isEqualTo(written);
    }
  }

  @Test
  void with_changesAnyField() {
    Model model = model(MODEL);
    assertThat(Configs.with(model, "batch", 9).batch()).isEqualTo(9);
    assertThat(Configs.with(model, "mixer", new Cell(Start.PAPER, 1, 0)).mixer())
        .isEqualTo(new Cell(Start.PAPER, 1, 0));
    Model many = Configs.with(model, "mixers", List.of(new Cell(Start.CODE, 1, 2)));
    assertThat(Configs.with(many, Map.of("mixers.0.units", 5, "rate", 2)))
        .isEqualTo(new Model(model.mixer(), 8, 2, List.of(new Cell(Start.CODE, 1, 5)), 0));
  }

  @Test
  void with_letsDependentFieldsFollow() {
    assertThat(Configs.with(model(MODEL), "mixer.heads", 6).mixer())
        .isEqualTo(new Attention(6, 6, true, "a"));
    assertThat(Configs.with(new Cell(Start.CODE, 0, 3), "start", Start.PAPER))
        .isEqualTo(new Cell(Start.PAPER, 0.5, 3));
    assertThatThrownBy(() -> Configs.with(new Attention(4, 2, true, "a"), "heads", 3))
        .hasMessageContaining("attention: heads 3, keyHeads 2");
  }

  @Test
  void with_isAsStrictAsReading() {
    Model model = model(MODEL);
    assertThatThrownBy(() -> Configs.with(model, "mixer.head", 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mixer: unknown key head; did you mean heads; known are");
    assertThatThrownBy(() -> Configs.with(model, "mixer.bias", -7))
        .hasMessageContaining("mixer.bias: must be true or false");
    assertThatThrownBy(() -> Configs.with(model, "mixer.heads", "2"))
        .hasMessageContaining("mixer.heads: must be a whole number");
    assertThatThrownBy(() -> Configs.with(model, "mixture.heads", 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mixture.heads");
  }
}
