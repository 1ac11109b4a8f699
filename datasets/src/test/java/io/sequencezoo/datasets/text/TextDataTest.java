package io.sequencezoo.datasets.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.SyntheticData.Example;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("any-kernels")
class TextDataTest {
  private static final String TEXT = "Äpfel und Öl. ".repeat(40);

  @TempDir Path folder;

  private TextConfig config(String text, Map<String, ?> changes) throws IOException {
    Path file = folder.resolve("text.txt");
    Files.writeString(file, text);
    Map<String, Object> all = new java.util.HashMap<>(changes);
    all.put("path", file.toString());
    all.putIfAbsent("length", 8);
    all.putIfAbsent("testLength", 16);
    return Configs.with(TextConfig.standard(), all);
  }

  @Test
  void windows_areTheFileInOrderAndInOneSplitEach() throws IOException {
    TextData data = TextData.of(config(TEXT, Map.of()));
    byte[] bytes = TEXT.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    int at = 0;
    for (Split split : new Split[] {Split.TRAIN, Split.VALIDATION, Split.TEST}) {
      int[] own = data.tokens(split);
      for (int token : own) {
        assertThat(token).isEqualTo(bytes[at++] & 255);
      }
      for (int i = 0; i < data.examples(split); i++) {
        Example example = data.example(split, i);
        assertThat(example.tokens()).hasSize(data.window(split)).hasSameSizeAs(example.labels());
        for (int t = 0; t < example.tokens().length; t++) {
          assertThat(example.tokens()[t]).isEqualTo(own[i * data.window(split) + t]);
          assertThat(example.labels()[t]).isEqualTo(own[i * data.window(split) + t + 1]);
        }
      }
      assertThat((own.length - 1) / data.window(split)).isEqualTo(data.examples(split));
    }
    assertThat(at).isEqualTo(bytes.length);
    assertThat(data.vocabulary()).isEqualTo(256);
    assertThat(data.bytesPerToken()).isEqualTo(1);
  }

  @Test
  void characters_areNumberedAndLongerThanBytes() throws IOException {
    TextData data = TextData.of(config(TEXT, Map.of("unit", TextConfig.Unit.CHARACTERS)));
    assertThat(data.vocabulary()).isEqualTo((int) TEXT.chars().distinct().count());
    StringBuilder text = new StringBuilder();
    for (int token : data.tokens(Split.TRAIN)) {
      text.appendCodePoint(data.symbols()[token]);
    }
    assertThat(TEXT).startsWith(text.toString());
    // 16 bytes for 14 characters.
    assertThat(data.bytesPerToken()).isEqualTo(16.0 / 14);
  }

  @Test
  void files_areReadAnewWhereTheyChanged() throws IOException {
    TextConfig config = config(TEXT, Map.of());
    String before = TextData.of(config).hash();
    assertThat(TextData.of(config)).isSameAs(TextData.of(config));
    Path file = Path.of(config.path());
    Files.writeString(file, TEXT.replace('O', 'o').replace('u', 'U'));
    Files.setLastModifiedTime(file, FileTime.fromMillis(1));
    assertThat(TextData.of(config).hash()).isNotEqualTo(before);
  }

  @Test
  void mistakes_areNamed() throws IOException {
    assertThatThrownBy(() -> TextData.of(TextConfig.standard()))
        .hasMessage("text: path must name a file, got none; use --set task.path=FILE");
    assertThatThrownBy(
            () -> TextData.of(Configs.with(TextConfig.standard(), "path", "/no/such/file")))
        .hasMessage("text: path must name a file, got /no/such/file");
    assertThatThrownBy(() -> TextData.of(config("short", Map.of())))
        .hasMessageContaining("must have at least 9 tokens for a window of its train split, got 4");
    TextConfig broken = config("", Map.of("unit", TextConfig.Unit.CHARACTERS));
    Files.write(Path.of(broken.path()), new byte[] {(byte) 0xff, 1, 2});
    assertThatThrownBy(() -> TextData.of(broken))
        .hasMessageContaining("must be in UTF-8 to be read by characters; use unit: bytes");
    assertThatThrownBy(() -> Configs.with(TextConfig.standard(), "testLength", 8))
        .hasMessage("text: testLength must be between 128 and 1048576, got 8");
    assertThatThrownBy(() -> Configs.with(TextConfig.standard(), "testShare", 0.96))
        .hasMessageContaining("leave something to train on");
  }
}
