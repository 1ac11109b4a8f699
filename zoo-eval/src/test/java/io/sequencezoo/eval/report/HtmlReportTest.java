package io.sequencezoo.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class HtmlReportTest {
  private static final Page PAGE =
      new Page(
          "A </script> title & more",
          "",
          List.of(
              new Page.Section(
                  "</script><b>", "", List.of(new Page.Text("t", "<!-- </script> -->")))));

  @Test
  void page_isSelfContained() throws Exception {
    String html = HtmlReport.render(PAGE);
    assertThat(html)
        .contains("echarts")
        .doesNotContain("@ECHARTS@", "@DATA@", "@TITLE@", "@CONTENT@", "@SUBTITLE@");
    assertThat(html).doesNotContain("<script src", "<link ", "@import");
  }

  @Test
  void text_cannotEndTheScriptThatHoldsIt() throws Exception {
    String html = HtmlReport.render(PAGE);
    String data = html.substring(html.indexOf("id=\"data\""));
    String json = data.substring(data.indexOf('>') + 1, data.indexOf("</script>"));
    assertThat(json).startsWith("{\"title\"").endsWith("}");
    assertThat(html).contains("<title>A &lt;/script&gt; title &amp; more</title>");
  }

  @Test
  void textAndTables_needNoScript() throws Exception {
    Page page =
        new Page(
            "Title",
            "one line",
            List.of(
                new Page.Section(
                    "Heading",
                    "a note",
                    List.of(
                        new Page.Table(List.of("model", "score"), List.of(List.of("a<b", "0.5"))),
                        new Page.Bars("Bars", "", "x", List.of("a"), new double[] {1})))));
    String html = HtmlReport.render(page).replaceAll("(?s)<script.*?</script>", "");
    assertThat(html)
        .contains("<h1>Title</h1>", "one line", "<h2>Heading</h2>", "a note")
        .contains("<th>model</th><th class=\"number\">score</th>")
        .contains("<td>a&lt;b</td><td class=\"number\">0.5</td>")
        .contains("<div id=\"item-0-1\"></div>");
  }
}
