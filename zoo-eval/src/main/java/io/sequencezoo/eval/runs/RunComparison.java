package io.sequencezoo.eval.runs;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.eval.report.TextTable;
import io.sequencezoo.eval.study.Difference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.commons.math3.stat.StatUtils;

/**
 * Runs in groups, by the value of a field: the first group against each of the others, in pairs of
 * the same task and seed, with the statistics of a study.
 */
public final class RunComparison {
  private static final List<String> HEADER =
      List.of("runs", "mean", "difference", "pairs", "low", "high", "p", "p (Holm)", "better in");

  private final String key;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * Compares them.
   *
   * @param key the field that tells groups apart
   * @param metric the field that is compared
   * @throws IllegalArgumentException where there is one group, or several runs of a group have the
   *     same task and seed
   */
  public RunComparison(List<StoredRun> runs, String key, String metric, boolean lowerIsBetter) {
    this.key = key;
    Map<String, Map<String, Double>> groups = new LinkedHashMap<>();
    Set<String> places = new LinkedHashSet<>();
    for (StoredRun run : runs) {
      String place = place(run);
      double value = run.number(metric);
      checkArgument(
          !Double.isNaN(value),
          "compare: %s must be a number of every run, got none in %s; choose by --where",
          metric,
          run.folder());
      Map<String, Double> group = groups.computeIfAbsent(run.field(key), name -> new TreeMap<>());
      checkArgument(
          group.put(place, value) == null,
          "compare: runs of %s=%s must be one for each task and seed, got a second in %s; choose by"
              + " --where",
          key,
          run.field(key),
          run.folder());
      places.add(place);
    }
    checkArgument(
        groups.size() >= 2, "compare: %s must differ among the runs, got %s", key, groups.keySet());
    List<Map.Entry<String, Map<String, Double>>> ordered = List.copyOf(groups.entrySet());
    double[] first = values(ordered.get(0).getValue(), places);
    List<Difference.Pair> pairs = new ArrayList<>();
    for (Map.Entry<String, Map<String, Double>> group : ordered.subList(1, ordered.size())) {
      pairs.add(new Difference.Pair(group.getKey(), values(group.getValue(), places), first));
    }
    List<Difference> differences = Difference.of(pairs, lowerIsBetter, /* seed= */ 1);
    for (int i = 0; i < ordered.size(); i++) {
      rows.add(row(ordered.get(i), i == 0 ? null : differences.get(i - 1)));
    }
  }

  /** What a pair has in common: the task as it was described, and the seed. */
  private static String place(StoredRun run) {
    return run.fields().entrySet().stream()
        .filter(field -> field.getKey().matches("task(\\..*)?|seed"))
        .map(Map.Entry::toString)
        .collect(Collectors.joining(" "));
  }

  private static double[] values(Map<String, Double> group, Set<String> places) {
    return places.stream().mapToDouble(place -> group.getOrDefault(place, Double.NaN)).toArray();
  }

  private static List<String> row(
      Map.Entry<String, Map<String, Double>> group, Difference difference) {
    double[] values = group.getValue().values().stream().mapToDouble(x -> x).toArray();
    List<String> row = new ArrayList<>();
    row.add(group.getKey());
    row.add(Integer.toString(values.length));
    row.add(number(StatUtils.mean(values)));
    if (difference == null) {
      row.addAll(List.of("-", "-", "-", "-", "-", "-", "-"));
    } else {
      row.add(number(difference.mean()));
      row.add(Integer.toString(difference.pairs()));
      row.add(number(difference.interval().low()));
      row.add(number(difference.interval().high()));
      row.add(number(difference.p()));
      row.add(number(difference.corrected()));
      row.add(number(difference.improvement()));
    }
    return row;
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4f", value);
  }

  /** A row per group. */
  public TextTable table() {
    List<String> header = new ArrayList<>(List.of(key));
    header.addAll(HEADER);
    return TextTable.of(header, rows);
  }
}
