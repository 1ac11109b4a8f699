package io.sequencezoo.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextTableTest {
  @Test
  void numbers_alignRightAndTextLeft() {
    TextTable table =
        TextTable.of(
            List.of("name", "value"), List.of(List.of("a", "1.5"), List.of("longer", "-20")));
    assertThat(table.toString().lines())
        .containsExactly("name    value", "a         1.5", "longer    -20");
  }

  @Test
  void table_withoutRowsIsItsHeader() {
    assertThat(TextTable.of(List.of("a", "b"), List.of()).toString().lines())
        .containsExactly("a  b");
  }

  @Test
  void markdown_alignsNumbersAndEscapesBars() {
    TextTable table = TextTable.of(List.of("name", "value"), List.of(List.of("a|b", "1.5")));
    assertThat(table.toMarkdown().lines())
        .containsExactly("| name | value |", "|---|---:|", "| a\\|b | 1.5 |");
  }
}
