package io.sequencezoo.eval.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  /** The same as a Markdown table; bars within cells are escaped. */
  public String toMarkdown() {
    StringBuilder text = new StringBuilder();
    markdownLine(text, header);
    text.append('|');
    for (boolean right : numeric()) {
      text.append(right ? "---:|" : "---|");
    }
    text.append(System.lineSeparator());
    for (List<String> row : rows) {
      markdownLine(text, row);
    }
    return text.toString();
  }

  /** The same as comma-separated values, quoted as RFC 4180 has it. */
  public String toCsv() {
    StringBuilder text = new StringBuilder();
    csvLine(text, header);
    rows.forEach(row -> csvLine(text, row));
    return text.toString();
  }

  private static void csvLine(StringBuilder text, List<String> cells) {
    for (int c = 0; c < cells.size(); c++) {
      String cell = cells.get(c);
      boolean quoted = cell.matches("(?s).*[\",\r\n].*");
      text.append(c == 0 ? "" : ",");
      text.append(quoted ? '"' + cell.replace("\"", "\"\"") + '"' : cell);
    }
    text.append("\r\n");
  }

  /** The same as cells by their columns, a map per row. */
  public List<Map<String, String>> toRecords() {
    List<Map<String, String>> records = new ArrayList<>();
    for (List<String> row : rows) {
      Map<String, String> record = new LinkedHashMap<>();
      for (int c = 0; c < header.size(); c++) {
        record.put(header.get(c), row.get(c));
      }
      records.add(record);
    }
    return records;
  }

  /** The same as a LaTeX table with the rules of booktabs. */
  public String toLatex() {
    StringBuilder text = new StringBuilder("\\begin{tabular}{");
    for (boolean right : numeric()) {
      text.append(right ? 'r' : 'l');
    }
    text.append("}\n\\toprule\n");
    latexLine(text, header);
    text.append("\\midrule\n");
    rows.forEach(row -> latexLine(text, row));
    return text.append("\\bottomrule\n\\end{tabular}\n").toString();
  }

  private static void latexLine(StringBuilder text, List<String> cells) {
    List<String> escaped =
        cells.stream()
            .map(cell -> cell.replace("\\", "\\textbackslash "))
            .map(cell -> cell.replaceAll("([&%$#_{}])", "\\\\$1"))
            .map(cell -> cell.replace("->", "$\\to$"))
            .toList();
    text.append(String.join(" & ", escaped)).append(" \\\\\n");
  }

  private static void markdownLine(StringBuilder text, List<String> cells) {
    text.append('|');
    for (String cell : cells) {
      text.append(' ').append(cell.replace("|", "\\|")).append(" |");
    }
    text.append(System.lineSeparator());
  }

  /** Which columns hold numbers alone. */
  boolean[] numeric() {
    boolean[] numeric = new boolean[header.size()];
    for (int c = 0; c < numeric.length; c++) {
      numeric[c] = !rows.isEmpty();
      for (List<String> row : rows) {
        String cell = row.get(c);
        numeric[c] &= cell.isEmpty() || cell.matches("[-+.]?[0-9].*|-");
      }
    }
    return numeric;
  }

  @Override
  public String toString() {
    int[] widths = new int[header.size()];
    boolean[] numeric = numeric();
    for (int c = 0; c < widths.length; c++) {
      widths[c] = header.get(c).length();
      for (List<String> row : rows) {
        widths[c] = Math.max(widths[c], row.get(c).length());
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
