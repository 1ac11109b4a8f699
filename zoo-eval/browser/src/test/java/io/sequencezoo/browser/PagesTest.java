package io.sequencezoo.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.base.Splitter;
import io.sequencezoo.eval.cli.Zoo;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The pages of a study and of in-context language learning in the system's Chromium. */
@Tag("any-kernels")
class PagesTest {
  /** WCAG 2.1, success criterion 1.4.3, for text. */
  private static final double READABLE = 4.5;

  private static final String STUDY =
      """
      tasks:
        - {type: synthetic, task: parity, length: 6, trainExamples: 32, validationExamples: 8, testExamples: 20}
        - {type: synthetic, task: one_hop, length: 6, trainExamples: 32, validationExamples: 8, testExamples: 20}
      model: {type: language_model, width: 8, layers: 1, mixer: {type: gla, heads: 2}, channel: {type: swiglu, expansion: 2}}
      changes: [swiglu -> mlp, {name: deep, set: {layers: 2}}, {name: broken, set: {initStd: 1.0e+38}}]
      controls: [none]
      train: {optimizer: {type: adamw, lr: 1.0e-2}, steps: 8, batch: 8, seed: 1, evaluateEvery: 2}
      seeds: 3
      """;

  private static final String ICLL =
      """
      task:
        type: icll
        seed: 3
        trainExamples: 8
        validationExamples: 3
        testExamples: 3
        languages: {symbols: 6, maxStates: 5, edgeBound: 3}
        prompts: {minStrings: 2, stringBound: 5, lengthBound: 8}
      model: {type: language_model, width: 8, layers: 1, mixer: {type: gla, heads: 2}}
      mixers: [{type: gla, heads: 2}, {type: lstm}]
      train: {optimizer: {type: adamw, lr: 1.0e-2}, steps: 4, batch: 2, seed: 1, evaluateEvery: 2}
      seeds: 2
      """;

  @TempDir static Path folder;
  private static Optional<Path> chromium;
  private static Optional<Path> driver;

  @BeforeAll
  static void makePages() throws IOException {
    chromium = find("chromium", "chromium-browser", "google-chrome");
    driver = find("chromedriver");
    assumeTrue(
        chromium.isPresent() && driver.isPresent(),
        "skipped: chromium and chromedriver must be on the PATH to look at pages");
    Path study = Files.writeString(folder.resolve("study.yaml"), STUDY);
    Path icll = Files.writeString(folder.resolve("icll.yaml"), ICLL);
    // A run of the study fails, on purpose.
    zoo(1, "ablate", study.toString(), "--output", folder.resolve("study").toString());
    zoo(0, "icll", "--config", icll.toString(), "--output", folder.resolve("icll").toString());
  }

  private static Optional<Path> find(String... names) {
    return Splitter.on(File.pathSeparatorChar)
        .splitToStream(Optional.ofNullable(System.getenv("PATH")).orElse(""))
        .flatMap(place -> Stream.of(names).map(name -> Path.of(place, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static void zoo(int code, String... line) {
    StringWriter err = new StringWriter();
    assertThat(Zoo.run(new PrintWriter(new StringWriter()), new PrintWriter(err), line))
        .as("%s", err)
        .isEqualTo(code);
  }

  private static ChromeDriver open(String page, boolean dark, boolean script) {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.orElseThrow().toFile());
    options.addArguments("--headless=new", "--no-sandbox", "--window-size=1300,1000");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    if (!script) {
      options.setExperimentalOption(
          "prefs", Map.of("profile.managed_default_content_settings.javascript", 2));
    }
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(driver.orElseThrow().toFile())
            .build();
    ChromeDriver browser = new ChromeDriver(service, options);
    Map<String, Object> media = new HashMap<>();
    String scheme = dark ? "dark" : "light";
    media.put("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme)));
    browser.executeCdpCommand("Emulation.setEmulatedMedia", media);
    browser.get(folder.resolve(page).resolve("report.html").toUri().toString());
    return browser;
  }

  @ParameterizedTest
  @ValueSource(strings = {"study light", "study dark", "icll light", "icll dark"})
  void page_drawsEveryChartReadably(String which) {
    List<String> words = Splitter.on(' ').splitToList(which);
    ChromeDriver browser = open(words.get(0), words.get(1).equals("dark"), true);
    try {
      assertThat(browser.manage().logs().get(LogType.BROWSER).getAll())
          .as("what the console says")
          .extracting(LogEntry::getMessage)
          .isEmpty();
      List<WebElement> places = browser.findElements(By.cssSelector("[id^='item-']"));
      assertThat(places).hasSizeGreaterThan(4);
      for (WebElement place : places) {
        boolean chart = !place.findElements(By.cssSelector(".chart")).isEmpty();
        if (chart) {
          assertThat(place.findElements(By.cssSelector("svg path, svg circle")))
              .as(place.getText())
              .isNotEmpty();
        }
        assertThat(place.getSize().getHeight()).as(place.getText()).isPositive();
      }
      Object contrasts = browser.executeScript(CONTRASTS);
      List<String> unreadable = new ArrayList<>();
      for (Object each : (List<?>) contrasts) {
        List<?> pair = (List<?>) each;
        if (((Number) pair.get(1)).doubleValue() < READABLE) {
          unreadable.add(pair.toString());
        }
      }
      assertThat((List<?>) contrasts).hasSizeGreaterThan(20);
      assertThat(unreadable).as("contrasts of text below " + READABLE).isEmpty();
    } finally {
      browser.quit();
    }
  }

  /** Texts of the page and of charts with their contrast to the background, by WCAG 2.1. */
  private static final String CONTRASTS =
      """
      function rgb(c) { var m = c.match(/[\\d.]+/g).map(Number); return m.length > 3 && m[3] === 0 ? null : m; }
      function light(c) {
        var l = c.slice(0, 3).map(function (v) { v /= 255; return v <= .03928 ? v / 12.92 : Math.pow((v + .055) / 1.055, 2.4); });
        return .2126 * l[0] + .7152 * l[1] + .0722 * l[2];
      }
      function behind(e) { for (; e; e = e.parentElement) { var c = rgb(getComputedStyle(e).backgroundColor); if (c) return c; } return [255, 255, 255]; }
      var found = [];
      document.querySelectorAll('h1, h2, h3, p.note, td, th, summary, svg text').forEach(function (e) {
        if (!e.textContent.trim() || !e.getClientRects().length) return;
        var s = getComputedStyle(e), c = rgb(e.tagName === 'text' ? s.fill : s.color);
        if (!c) return;
        var a = light(c), b = light(behind(e));
        found.push([e.textContent.slice(0, 40), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]);
      });
      return found;
      """;

  @ParameterizedTest
  @ValueSource(strings = {"study", "icll"})
  void curves_areGroupedAndHiddenByAClick(String page) {
    ChromeDriver browser = open(page, false, true);
    try {
      // A line and a legend entry per contestant, none per seed.
      List<String> texts =
          browser.findElements(By.cssSelector(".chart svg text")).stream()
              .map(WebElement::getText)
              .toList();
      String first = page.equals("study") ? "base" : "gla";
      assertThat(texts).contains(first).noneMatch(text -> text.matches(".* seed \\d+"));
      // The first chart that names it is one of lines, with a legend.
      WebElement entry =
          browser.findElements(By.cssSelector(".chart svg text")).stream()
              .filter(text -> text.getText().equals(first))
              .findFirst()
              .orElseThrow();
      browser.executeScript("arguments[0].scrollIntoView({block: 'center'})", entry);
      WebElement chart = entry.findElement(By.xpath("./ancestor::*[@class='chart'][1]"));
      int before = chart.findElements(By.cssSelector("svg path")).size();
      new Actions(browser).moveToElement(entry).click().perform();
      assertThat(chart.findElements(By.cssSelector("svg path"))).hasSizeLessThan(before);
      WebElement fold = browser.findElement(By.cssSelector("details summary"));
      WebElement text = browser.findElement(By.cssSelector("details pre"));
      assertThat(text.isDisplayed()).isFalse();
      fold.click();
      assertThat(text.isDisplayed()).isTrue();
    } finally {
      browser.quit();
    }
  }

  @Test
  void tables_areReadWithoutScript() {
    ChromeDriver browser = open("study", false, false);
    try {
      assertThat(browser.findElement(By.tagName("noscript")).getText()).contains("JavaScript");
      List<String> cells =
          browser.findElements(By.tagName("td")).stream().map(WebElement::getText).toList();
      assertThat(cells).contains("base", "swiglu -> mlp", "no change");
      assertThat(browser.findElement(By.tagName("body")).getText())
          .contains("Failed runs", "parity broken seed 1", "must be finite");
    } finally {
      browser.quit();
    }
  }
}
