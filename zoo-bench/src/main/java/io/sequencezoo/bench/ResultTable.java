package io.sequencezoo.bench;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.report.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Measurements as rows under named columns, for people and for programs. */
final class ResultTable {
  private final String name;
  private final String title;
  private final List<Column> columns;
  private final List<List<Object>> rows = new ArrayList<>();

  /**
   * An empty table.
   *
   * @param name its name in JSON
   * @param title its heading
   */
  ResultTable(String name, String title, Column... columns) {
    this.name = name;
    this.title = title;
    this.columns = List.of(columns);
  }

  /**
   * A column.
   *
   * @param key its name in JSON
   * @param header its heading
   * @param pattern how its numbers are shown
   */
  record Column(String key, String header, String pattern) {
    static final Column MIXER = new Column("mixer", "mixer", "%s");
    static final Column CELL = new Column("cell", "cell", "%s");
    static final Column WEIGHTS = new Column("weights", "recurrent weights", "%s");
    static final Column BATCH = new Column("batch", "B", "%d");
    static final Column TIME = new Column("time", "T", "%d");
    static final Column RESIDENT = new Column("residentMiB", "process MiB", "%.0f");
  }

  /** Adds a row of names and numbers; NaN stands for what could not be measured. */
  void add(Object... cells) {
    checkArgument(
        cells.length == columns.size(),
        "%s: row must have %s cells, got %s",
        name,
        columns.size(),
        cells.length);
    rows.add(List.of(cells));
  }

  String name() {
    return name;
  }

  /** The heading and the table below it. */
  String toString(boolean markdown) {
    List<List<String>> cells = new ArrayList<>();
    for (List<Object> row : rows) {
      List<String> shown = new ArrayList<>();
      for (int c = 0; c < columns.size(); c++) {
        shown.add(show(columns.get(c), row.get(c)));
      }
      cells.add(shown);
    }
    TextTable table = TextTable.of(columns.stream().map(Column::header).toList(), cells);
    return markdown
        ? "### " + title + "\n\n" + table.toMarkdown()
        : title + "\n\n" + table.toString();
  }

  private static String show(Column column, Object value) {
    return value instanceof Double number && number.isNaN()
        ? "-"
        : String.format(Locale.ROOT, column.pattern, value);
  }

  /** One object per row. */
  ArrayNode toJson() {
    ArrayNode array = Configs.json().createArrayNode();
    for (List<Object> row : rows) {
      ObjectNode node = array.addObject();
      for (int c = 0; c < columns.size(); c++) {
        Object value = row.get(c);
        boolean absent = value instanceof Double number && number.isNaN();
        node.set(columns.get(c).key, Configs.json().valueToTree(absent ? null : value));
      }
    }
    return array;
  }
}
