package io.sequencezoo.eval.report;

import java.util.List;

/** Aligned columns of text; cells that start with a digit, sign or dot align right. */
public final class TextTable {
  private final List<String> header;
  private final List<List<String>> rows;

  private TextTable(List<String> header, List<List<String>> rows) {
    this.header = List.copyOf(header);
    this.rows = List.copyOf(rows);
  }

  /** A table with a header. */
  public static TextTable of(List<String> header, List<List<String>> rows) {
    return new TextTable(header, rows);
  }

  @Override
  public String toString() {
    int[] widths = new int[header.size()];
    boolean[] numeric = new boolean[widths.length];
    for (int c = 0; c < widths.length; c++) {
      widths[c] = header.get(c).length();
      numeric[c] = !rows.isEmpty();
      for (List<String> row : rows) {
        String cell = row.get(c);
        widths[c] = Math.max(widths[c], cell.length());
        numeric[c] &= cell.isEmpty() || cell.matches("[-+.]?[0-9].*|-");
      }
    }
    StringBuilder text = new StringBuilder();
    line(text, header, widths, numeric);
    for (List<String> row : rows) {
      line(text, row, widths, numeric);
    }
    return text.toString();
  }

  private static void line(
      StringBuilder text, List<String> cells, int[] widths, boolean[] numeric) {
    StringBuilder line = new StringBuilder();
    for (int c = 0; c < widths.length; c++) {
      String pad = " ".repeat(widths[c] - cells.get(c).length());
      line.append(numeric[c] ? pad + cells.get(c) : cells.get(c) + pad).append("  ");
    }
    text.append(line.toString().stripTrailing()).append(System.lineSeparator());
  }
}
