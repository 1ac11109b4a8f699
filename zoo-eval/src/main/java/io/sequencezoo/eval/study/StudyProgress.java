package io.sequencezoo.eval.study;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.report.TextTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How far a study is, read from its folder while other processes are at it.
 *
 * @param runs all of them, in order
 * @param isDone whether the results of all runs are written
 */
public record StudyProgress(List<Run> runs, boolean isDone) {
  /** A run whose log hasn't grown for so long isn't running. */
  private static final Duration QUIET = Duration.ofSeconds(90);

  /** Copies the list. */
  public StudyProgress {
    runs = List.copyOf(runs);
  }

  /** How far a run is. */
  public enum Status {
    /** Nothing is there. */
    WAITING,
    /** Its log grows. */
    RUNNING,
    /** Its log has not grown for a while. */
    STOPPED,
    /** It found something. */
    DONE,
    /** It told why it didn't. */
    FAILED
  }

  /**
   * A run.
   *
   * @param step updates made, evaluations apart
   * @param steps updates in all
   * @param seconds in updates so far
   * @param note the last loss, or why it failed
   */
  public record Run(
      String task,
      String variant,
      long seed,
      Status status,
      long step,
      long steps,
      double seconds,
      String note) {
    private double left() {
      return status == Status.DONE || status == Status.FAILED ? 0 : steps - step;
    }
  }

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException where the folder holds no study
   */
  public static StudyProgress of(Path folder) throws IOException {
    StudyConfig config = Study.configOf(folder);
    List<Run> runs = new ArrayList<>();
    for (Task task : config.tasks()) {
      Path own = folder.resolve(task.name());
      if (!Files.exists(own.resolve(Experiment.CONFIG))) {
        continue;
      }
      ExperimentConfig experiment = Experiment.configOf(own);
      for (String variant : experiment.contestants().keySet()) {
        for (int i = 0; i < config.seeds(); i++) {
          long seed = config.train().seed() + i;
          long steps = experiment.updates(variant);
          Path run = own.resolve(Experiment.folderName(variant, seed));
          runs.add(run(run, task.name(), variant, seed, steps));
        }
      }
    }
    boolean complete =
        !runs.isEmpty()
            && runs.stream().allMatch(r -> r.status == Status.DONE || r.status == Status.FAILED);
    return new StudyProgress(runs, complete && Files.exists(folder.resolve(Study.RESULTS)));
  }

  private static Run run(Path folder, String task, String variant, long seed, long steps)
      throws IOException {
    Path failed = folder.resolve(Results.Failure.FILE);
    if (Files.exists(folder.resolve(Results.Run.FILE))) {
      Results.Run run = Results.Run.in(folder);
      String note = run.origin() == null || run.origin().from() == null ? "" : "reused";
      return new Run(
          task, variant, seed, Status.DONE, run.steps(), run.steps(), run.trainSeconds(), note);
    }
    if (Files.exists(failed)) {
      String reason = Configs.json().readTree(failed.toFile()).path("reason").asText();
      return new Run(task, variant, seed, Status.FAILED, 0, steps, 0, reason);
    }
    Path log = folder.resolve("log.jsonl");
    if (!Files.exists(log)) {
      return new Run(task, variant, seed, Status.WAITING, 0, steps, 0, "");
    }
    return running(log, task, variant, seed, steps);
  }

  private static Run running(Path log, String task, String variant, long seed, long steps)
      throws IOException {
    Instant last = Files.getLastModifiedTime(log).toInstant();
    Status status =
        Duration.between(last, Instant.now()).compareTo(QUIET) < 0
            ? Status.RUNNING
            : Status.STOPPED;
    long step = 0;
    double seconds = 0;
    double loss = Double.NaN;
    for (String text : Files.readAllLines(log)) {
      // The last line may be half written.
      if (text.endsWith("}")) {
        JsonNode line = Configs.json().readTree(text);
        if (line.path("event").asText().equals("step")) {
          step = line.path("step").asLong();
          seconds += line.path("seconds").asDouble();
          loss = line.path("loss").asDouble();
        }
      }
    }
    String note = String.format(Locale.ROOT, "loss %.4f", loss);
    return new Run(task, variant, seed, status, step, steps, seconds, note);
  }

  /** How many runs have a status. */
  public long count(Status status) {
    return runs.stream().filter(run -> run.status == status).count();
  }

  /**
   * Seconds until all runs are through, if updates go on as they went, tests apart; empty before
   * anything went, or where nothing runs.
   */
  public Optional<Double> secondsLeft() {
    double made = runs.stream().mapToDouble(run -> run.step).sum();
    double seconds = runs.stream().mapToDouble(Run::seconds).sum();
    double left = runs.stream().mapToDouble(Run::left).sum();
    long atOnce = count(Status.RUNNING);
    return made == 0 || atOnce == 0
        ? Optional.empty()
        : Optional.of(left * seconds / made / atOnce);
  }

  /** One line. */
  public String line() {
    String counts =
        String.format(
            Locale.ROOT,
            "%d of %d runs done, %d running, %d failed",
            count(Status.DONE),
            runs.size(),
            count(Status.RUNNING),
            count(Status.FAILED));
    return counts + secondsLeft().map(StudyProgress::end).orElse("");
  }

  private static String end(double seconds) {
    Duration left = Duration.ofSeconds(Math.round(seconds));
    return String.format(
        Locale.ROOT,
        "; about %d:%02d:%02d of updates left, until %tR",
        left.toHours(),
        left.toMinutesPart(),
        left.toSecondsPart(),
        ZonedDateTime.now(ZoneId.systemDefault()).plus(left));
  }

  /** A line per run that is neither waiting nor done, or per run that failed. */
  public String text() {
    List<List<String>> rows =
        runs.stream()
            .filter(run -> run.status != Status.WAITING && run.status != Status.DONE)
            .map(
                run ->
                    List.of(
                        run.task,
                        run.variant,
                        Long.toString(run.seed),
                        run.status.name().toLowerCase(Locale.ROOT),
                        run.step + "/" + run.steps,
                        run.note))
            .toList();
    return TextTable.of(List.of("task", "variant", "seed", "status", "updates", ""), rows)
        .toString();
  }
}
