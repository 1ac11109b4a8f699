package io.sequencezoo.eval.runs;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.FinishedRuns;
import io.sequencezoo.eval.experiment.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Copies of runs in one folder, each as an experiment of its own, {@code TASK-KEY}, that {@code zoo
 * run --resume} reads and {@code zoo ablate --reuse} takes runs from. A run that is there already
 * stays as it is.
 */
public final class MergedRuns {
  /** Characters of a key that tell runs apart in names of folders. */
  private static final int SHORT = 16;

  private MergedRuns() {}

  /**
   * Copies finished runs.
   *
   * @return how many were not there before
   * @throws IllegalArgumentException where a run of the same key is there that found something else
   */
  public static int copy(List<StoredRun> runs, Path into) throws IOException {
    int copied = 0;
    for (StoredRun stored : runs) {
      if (stored.field("status").equals("done")) {
        copied += copy(stored, into) ? 1 : 0;
      }
    }
    return copied;
  }

  private static boolean copy(StoredRun stored, Path into) throws IOException {
    Results.Run run = Results.Run.in(stored.folder());
    String key = stored.field("key").substring(0, SHORT);
    Path experiment = into.resolve(stored.field("task") + "-" + key);
    Path place = experiment.resolve(Experiment.folderName(run.name(), run.seed()));
    if (Files.isDirectory(experiment)) {
      for (Path other : FinishedRuns.foldersIn(experiment)) {
        JsonNode test = Results.Run.in(other).detail(Results.TEST);
        checkArgument(
            numbers(test).equals(numbers(run.detail(Results.TEST))),
            "merge: runs of key %s must have found the same, got other scores in %s than in %s; one"
                + " was changed by hand",
            key,
            stored.folder(),
            other);
        return false;
      }
    }
    Files.createDirectories(experiment);
    Path source = stored.folder().toAbsolutePath().getParent().resolve(Experiment.CONFIG);
    ExperimentConfig config = ExperimentConfig.parse(source.toString(), Files.readString(source));
    AtomicFiles.writeString(
        experiment.resolve(Experiment.CONFIG),
        Configs.write(config.alone(run.name(), run.seed())) + "\n");
    FinishedRuns.copyWhole(stored.folder(), place);
    return true;
  }

  /** Scores without the name of who has them. */
  private static JsonNode numbers(JsonNode scores) {
    ObjectNode numbers = scores.deepCopy();
    for (String field : ImmutableList.copyOf(numbers.fieldNames())) {
      if (numbers.get(field).isTextual()) {
        numbers.remove(field);
      }
    }
    return numbers;
  }
}
