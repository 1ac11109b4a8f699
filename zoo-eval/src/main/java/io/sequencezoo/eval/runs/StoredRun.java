package io.sequencezoo.eval.runs;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.experiment.Estimate;
import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.ExperimentConfig;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.experiment.Scores;
import io.sequencezoo.eval.experiment.Treatment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A run as its folder tells it: fields by name. {@code status}, {@code task}, {@code name}, {@code
 * mixer}, {@code seed}, {@code parameters}, {@code steps}, {@code trainSeconds}, {@code
 * cpuSeconds}, {@code key}, {@code code}, {@code reason}; every estimate on test examples by its
 * name; and whatever the configuration says by path, such as {@code model.width}, {@code
 * train.optimizer.lr} and {@code task.length}.
 *
 * @param folder of the run
 * @param fields by name, in the order above
 */
public record StoredRun(Path folder, Map<String, String> fields) {

  /**
   * Reads a run that was finished or failed.
   *
   * @throws IllegalArgumentException where its files are not what this version writes
   */
  static StoredRun read(Path folder) throws IOException {
    Map<String, String> fields = new LinkedHashMap<>();
    Path config = folder.toAbsolutePath().getParent().resolve(Experiment.CONFIG);
    ExperimentConfig experiment =
        ExperimentConfig.parse(config.toString(), Files.readString(config));
    boolean done = Files.exists(folder.resolve(Results.Run.FILE));
    fields.put("status", done ? "done" : "failed");
    fields.put("task", experiment.task().name());
    if (done) {
      finished(fields, experiment, Results.Run.in(folder));
    } else {
      Path file = folder.resolve(Results.Failure.FILE);
      Results.Failure failure =
          Configs.read(file.toString(), Files.readString(file), Results.Failure.class);
      fields.put("name", failure.name());
      fields.put("seed", Long.toString(failure.seed()));
      fields.put("code", failure.code());
      fields.put("reason", failure.reason());
      JsonNode model = Configs.json().valueToTree(experiment.contestants().get(failure.name()));
      model(fields, model);
    }
    flatten(fields, "train", Configs.json().valueToTree(experiment.train()));
    fields.put("train.seed", fields.get("seed"));
    Treatment treatment = experiment.treatments().get(fields.get("name"));
    if (treatment != null) {
      flatten(fields, "treatment", Configs.json().valueToTree(treatment));
    }
    flatten(fields, "task", Configs.json().valueToTree(experiment.task()));
    return new StoredRun(folder, fields);
  }

  private static void finished(
      Map<String, String> fields, ExperimentConfig experiment, Results.Run run) {
    fields.put("name", run.name());
    fields.put("seed", Long.toString(run.seed()));
    fields.put("parameters", Long.toString(run.parameters()));
    fields.put("steps", Long.toString(run.steps()));
    fields.put("trainSeconds", Double.toString(run.trainSeconds()));
    fields.put("cpuSeconds", Double.toString(run.cpuSeconds()));
    Scores scores = run.detail(Results.TEST, experiment.task().scoresType());
    for (Map.Entry<String, Estimate> estimate : scores.estimates().entrySet()) {
      fields.put(estimate.getKey(), Double.toString(estimate.getValue().value()));
    }
    // Runs of version 0.1 don't know the code that ran.
    fields.put("key", run.key().orElse(run.madeBy()));
    if (run.origin() != null) {
      fields.put("code", run.origin().code());
    }
    model(fields, run.model());
  }

  private static void model(Map<String, String> fields, JsonNode model) {
    JsonNode mixer = model.path("mixer").path("type");
    fields.put("mixer", mixer.isTextual() ? mixer.asText() : "several");
    flatten(fields, "model", model);
  }

  private static void flatten(Map<String, String> fields, String path, JsonNode node) {
    if (node.isValueNode()) {
      fields.putIfAbsent(path, node.asText());
    }
    node.properties().forEach(e -> flatten(fields, path + "." + e.getKey(), e.getValue()));
    for (int i = 0; node.isArray() && i < node.size(); i++) {
      flatten(fields, path + "." + i, node.get(i));
    }
  }

  /** A field, empty where it has none of that name. */
  public String field(String name) {
    return name.equals("folder") ? folder.toString() : fields.getOrDefault(name, "");
  }

  /** All fields and the folder. */
  public Map<String, String> record() {
    Map<String, String> record = new LinkedHashMap<>(fields);
    record.put("folder", folder.toString());
    return record;
  }

  /** A field as a number, NaN where it is none. */
  public double number(String name) {
    return number(fields.get(name), Double.NaN);
  }

  /** A text as a number, or something else where it is none. */
  static double number(String text, double otherwise) {
    try {
      return text == null ? otherwise : Double.parseDouble(text);
    } catch (NumberFormatException isText) {
      return otherwise;
    }
  }
}
