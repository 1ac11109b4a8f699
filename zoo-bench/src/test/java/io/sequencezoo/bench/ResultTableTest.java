package io.sequencezoo.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.bench.ResultTable.Column;
import org.junit.jupiter.api.Test;

class ResultTableTest {
  private final ResultTable table =
      new ResultTable(
          "name", "Title", new Column("who", "who", "%s"), new Column("size", "MiB", "%.1f"));

  @Test
  void rows_areShownAsTextMarkdownAndJson() {
    table.add("a", 1.25);
    assertThat(table.toString(false).lines()).containsExactly("Title", "", "who  MiB", "a    1.3");
    assertThat(table.toString(true).lines())
        .containsExactly("### Title", "", "| who | MiB |", "|---|---:|", "| a | 1.3 |");
    assertThat(table.toJson()).hasToString("[{\"who\":\"a\",\"size\":1.25}]");
  }

  @Test
  void absentNumber_isADashAndNull() {
    table.add("a", Double.NaN);
    assertThat(table.toString(false)).endsWith("a      -" + System.lineSeparator());
    assertThat(table.toJson().get(0).get("size").isNull()).isTrue();
  }

  @Test
  void rowOfAnotherWidth_isRefused() {
    assertThatThrownBy(() -> table.add("a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("name: row must have 2 cells, got 1");
  }
}
