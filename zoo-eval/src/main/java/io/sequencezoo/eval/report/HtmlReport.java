package io.sequencezoo.eval.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.google.common.html.HtmlEscapers;
import com.google.common.io.Resources;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a {@link Page} as one HTML file that needs nothing else: the charting library (Apache
 * ECharts) and the data are inside. Text and tables are plain HTML; charts need JavaScript.
 */
public final class HtmlReport {
  private static final String CHARTS = "META-INF/resources/webjars/echarts/5.5.0/echarts.min.js";

  private HtmlReport() {}

  /** Writes the file, whole or not at all. */
  public static void write(Path file, Page page) throws IOException {
    AtomicFiles.writeString(file, render(page));
  }

  static String render(Page page) throws IOException {
    String template = read(Resources.getResource(HtmlReport.class, "report.html"));
    String charts = read(Resources.getResource(CHARTS));
    // replace, not replaceAll: the library is full of $ and backslashes.
    return template
        .replace("@TITLE@", escape(page.title()))
        .replace("@SUBTITLE@", escape(page.subtitle()))
        .replace("@CONTENT@", content(page))
        .replace("@ECHARTS@", charts)
        .replace("@DATA@", json(page));
  }

  private static String content(Page page) {
    StringBuilder html = new StringBuilder();
    for (int s = 0; s < page.sections().size(); s++) {
      Page.Section section = page.sections().get(s);
      html.append("<h2>").append(escape(section.title())).append("</h2>\n");
      if (section.note() != null && !section.note().isEmpty()) {
        html.append("<p class=\"note\">").append(escape(section.note())).append("</p>\n");
      }
      boolean charts = section.items().stream().anyMatch(HtmlReport::isChart);
      boolean grid = charts || section.items().size() > 1;
      html.append(grid ? "<div class=\"grid\">\n" : "<div>\n");
      for (int i = 0; i < section.items().size(); i++) {
        item(html, section.items().get(i), s + "-" + i);
      }
      html.append("</div>\n");
    }
    return html.toString();
  }

  private static boolean isChart(Page.Item item) {
    return !(item instanceof Page.Table || item instanceof Page.Text);
  }

  private static void item(StringBuilder html, Page.Item item, String place) {
    if (item instanceof Page.Table table) {
      html.append("<div class=\"scroll\"><table><thead>");
      boolean[] numeric = TextTable.of(table.header(), table.rows()).numeric();
      row(html, "th", table.header(), numeric);
      html.append("</thead><tbody>\n");
      table.rows().forEach(row -> row(html, "td", row, numeric));
      html.append("</tbody></table></div>\n");
    } else if (item instanceof Page.Text text) {
      html.append("<details><summary>").append(escape(text.title())).append("</summary><pre>");
      html.append(escape(text.text())).append("</pre></details>\n");
    } else {
      html.append("<div id=\"item-").append(place).append("\"></div>\n");
    }
  }

  private static void row(StringBuilder html, String tag, List<String> cells, boolean[] numeric) {
    html.append("<tr>");
    for (int i = 0; i < cells.size(); i++) {
      html.append('<').append(tag).append(numeric[i] ? " class=\"number\">" : ">");
      html.append(escape(cells.get(i))).append("</").append(tag).append('>');
    }
    html.append("</tr>\n");
  }

  private static String escape(String text) {
    return HtmlEscapers.htmlEscaper().escape(text);
  }

  /** JSON that can't end the script element that it stands in. */
  private static String json(Page page) throws JsonProcessingException {
    return Configs.json().writeValueAsString(page).replace("<", "\\u003c");
  }

  private static String read(URL resource) throws IOException {
    return Resources.toString(resource, StandardCharsets.UTF_8);
  }
}
