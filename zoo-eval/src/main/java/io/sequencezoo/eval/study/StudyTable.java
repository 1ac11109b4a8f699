package io.sequencezoo.eval.study;

import io.sequencezoo.eval.report.Page;
import io.sequencezoo.eval.report.TextTable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The table of a study: what every variant has and takes, finds, and differs by. */
final class StudyTable {
  private static final List<String> COSTS =
      List.of("parameters", "state bytes", "operations/token", "updates", "cpu s", "train s");

  private static final List<String> VALUES =
      List.of("runs", "mean", "sd over seeds", "se over items", "reaches the first at");

  private static final List<String> DIFFERENCES =
      List.of("difference", "pairs", "low", "high", "p", "p (Holm)", "better in");

  private static final List<String> HEADER =
      Stream.of(List.of("task", "variant"), COSTS, VALUES, DIFFERENCES)
          .flatMap(List::stream)
          .toList();

  private final StudyResults results;
  private final StudyConfig config;

  StudyTable(StudyResults results) {
    this.results = results;
    this.config = results.config();
  }

  /** For a terminal: what variants have and take, then what they find. */
  String text() {
    int names = 2;
    int values = names + COSTS.size();
    List<List<String>> all = rows();
    List<List<String>> costs =
        all.stream()
            .filter(row -> !row.get(names).equals("-"))
            .map(row -> row.subList(0, values))
            .toList();
    List<List<String>> found =
        all.stream()
            .map(row -> joined(row.subList(0, names), row.subList(values, row.size())))
            .toList();
    return TextTable.of(HEADER.subList(0, values), costs)
        + System.lineSeparator()
        + TextTable.of(
            joined(HEADER.subList(0, names), HEADER.subList(values, HEADER.size())), found);
  }

  /** As comma-separated values, numbers without separators of thousands. */
  String csv() {
    List<List<String>> plain =
        rows().stream()
            .map(row -> row.stream().map(StudyTable::withoutSeparators).toList())
            .toList();
    return TextTable.of(HEADER, plain).toCsv();
  }

  private static String withoutSeparators(String cell) {
    return cell.matches("[0-9]{1,3}(,[0-9]{3})+") ? cell.replace(",", "") : cell;
  }

  /** All of it. */
  TextTable table() {
    return TextTable.of(HEADER, rows());
  }

  /** The same for a page. */
  Page.Table page() {
    return new Page.Table(HEADER, rows());
  }

  private List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    for (StudyResults.OnTask task : results.tasks()) {
      Map<String, Difference> differences =
          task.differences().stream().collect(Collectors.toMap(Difference::name, each -> each));
      for (StudyResults.Row row : task.rows()) {
        boolean compared = row.control() || !config.design().isFactorial();
        Difference difference = compared ? differences.get(row.variant()) : null;
        rows.add(
            row(List.of(task.task(), row.variant()), costs(row), values(row), cells(difference)));
      }
      if (config.design().isFactorial()) {
        for (Change change : config.changes()) {
          rows.add(
              row(
                  List.of(task.task(), "effect of " + change.name()),
                  blank(COSTS.size()),
                  blank(VALUES.size()),
                  cells(differences.get(change.name()))));
        }
      }
    }
    for (StudyResults.Overall overall : results.overall()) {
      String low = number(overall.interval().low());
      String high = number(overall.interval().high());
      rows.add(
          row(
              List.of("all (middle half)", overall.variant()),
              blank(COSTS.size()),
              List.of("-", number(overall.mean()), "-", "-", "-"),
              List.of("-", "-", low, high, "-", "-", percent(overall.improvement()))));
    }
    return rows;
  }

  private static List<String> row(
      List<String> names, List<String> costs, List<String> values, List<String> differences) {
    return Stream.of(names, costs, values, differences).flatMap(List::stream).toList();
  }

  private static List<String> joined(List<String> first, List<String> then) {
    return Stream.of(first, then).flatMap(List::stream).toList();
  }

  private static List<String> costs(StudyResults.Row row) {
    StudyResults.Cost cost = row.cost();
    return List.of(
        whole(cost.parameters()),
        whole(cost.stateBytes()),
        whole(cost.operations()),
        whole(cost.updates()),
        tenths(cost.cpuSeconds()),
        tenths(cost.trainSeconds()));
  }

  private List<String> values(StudyResults.Row row) {
    String of = row.runs() == config.seeds() ? "" : " of " + config.seeds();
    return List.of(
        row.runs() + of,
        number(row.mean()),
        number(row.overSeeds()),
        number(row.overItems()),
        whole(row.reaches()));
  }

  private static List<String> cells(Difference difference) {
    if (difference == null) {
      return blank(DIFFERENCES.size());
    }
    return List.of(
        signed(difference.mean()),
        Integer.toString(difference.pairs()),
        signed(difference.interval().low()),
        signed(difference.interval().high()),
        number(difference.p()),
        number(difference.corrected()),
        percent(difference.improvement()));
  }

  private static String whole(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String whole(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%,.0f", value);
  }

  private static String tenths(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.1f", value);
  }

  private static List<String> blank(int cells) {
    return Collections.nCopies(cells, "-");
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
  }

  private static String signed(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%+.3f", value);
  }

  private static String percent(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.0f %%", 100 * value);
  }
}
