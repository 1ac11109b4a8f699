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

/**
 * Writes a {@link Page} as one HTML file that needs nothing else: the charting library (Apache
 * ECharts) and the data are inside.
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
        .replace("@TITLE@", HtmlEscapers.htmlEscaper().escape(page.title()))
        .replace("@ECHARTS@", charts)
        .replace("@DATA@", json(page));
  }

  /** JSON that can't end the script element that it stands in. */
  private static String json(Page page) throws JsonProcessingException {
    return Configs.json().writeValueAsString(page).replace("<", "\\u003c");
  }

  private static String read(URL resource) throws IOException {
    return Resources.toString(resource, StandardCharsets.UTF_8);
  }
}
