package io.sequencezoo.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.eval.report.Bibliography;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The documents say what the registry says, link to what exists, and keep to the line. */
class DocumentsTest {
  private static final Path ROOT = Path.of(System.getProperty("zoo.root", ".."));

  /** Longer lines don't fit a terminal beside a diff. */
  private static final int LONGEST_LINE = 160;

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(?:#[^)]*)?\\)");

  @Test
  void bibliography_isWhatTheRegistryCites() throws IOException {
    assertThat(Files.readString(ROOT.resolve("docs/bibliography.bib")))
        .as("docs/bibliography.bib must hold what 'zoo list --bibtex' prints")
        .isEqualTo(Bibliography.ofRegistry().toBibtex());
  }

  @Test
  void citationFile_isWhatTheRegistryCites() throws IOException {
    assertThat(Files.readString(ROOT.resolve("CITATION.cff")))
        .as("CITATION.cff must hold what 'zoo list --citation' prints")
        .isEqualTo(Bibliography.ofRegistry().toCitationFile());
  }

  @Test
  void lines_areShort() throws IOException {
    List<String> tooLong = new ArrayList<>();
    for (Path file : documents()) {
      int number = 0;
      for (String line : Files.readAllLines(file)) {
        number++;
        if (line.length() > LONGEST_LINE) {
          tooLong.add(ROOT.relativize(file) + ":" + number);
        }
      }
    }
    assertThat(tooLong).as("lines of more than " + LONGEST_LINE + " characters").isEmpty();
  }

  @Test
  void links_leadSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path file : documents()) {
      Matcher link = LINK.matcher(Files.readString(file));
      while (link.find()) {
        if (!Files.exists(file.resolveSibling(link.group(1)))) {
          broken.add(ROOT.relativize(file) + " -> " + link.group(1));
        }
      }
    }
    assertThat(broken).as("links to files that don't exist").isEmpty();
  }

  @Test
  void readingOrder_namesEveryDocument() throws IOException {
    String order = Files.readString(ROOT.resolve("docs/README.md"));
    try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
      List<String> missing =
          files
              .filter(file -> file.toString().endsWith(".md"))
              .map(file -> ROOT.resolve("docs").relativize(file).toString())
              .filter(name -> !name.equals("README.md"))
              .filter(name -> !order.contains("(" + name + ")"))
              .sorted()
              .toList();
      assertThat(missing).as("documents that docs/README.md doesn't link to").isEmpty();
    }
  }

  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (Path folder : List.of(ROOT.resolve("docs"), ROOT.resolve("findings"))) {
      if (Files.isDirectory(folder)) {
        try (Stream<Path> files = Files.walk(folder)) {
          files.filter(file -> file.toString().endsWith(".md")).forEach(documents::add);
        }
      }
    }
    try (Stream<Path> files = Files.list(ROOT)) {
      files.filter(file -> file.toString().endsWith(".md")).forEach(documents::add);
    }
    return documents;
  }
}
