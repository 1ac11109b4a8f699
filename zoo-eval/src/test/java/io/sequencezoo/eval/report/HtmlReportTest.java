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
    assertThat(html).contains("echarts").doesNotContain("@ECHARTS@", "@DATA@", "@TITLE@");
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
}
