package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.train.Provenance;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that an experiment found, with what it was computed from.
 *
 * @param config the experiment
 * @param provenance what ran, where
 * @param baselines what needs no training, on the same test examples
 * @param runs one per architecture and seed, in the order of contestants
 * @param failures the runs that couldn't be brought to their end
 */
public record Results(
    ExperimentConfig config,
    Provenance provenance,
    Baselines baselines,
    List<Run> runs,
    List<Failure> failures) {
  /** The current version of the layout of {@code results.json}. */
  public static final int SCHEMA = 1;

  /** Copies the runs. */
  public Results {
    runs = List.copyOf(runs);
    failures = List.copyOf(failures);
  }

  /** What names a run among all: a hash of what made it and of the code that ran. */
  static String key(String madeBy, String code) {
    return Hashing.sha256().hashString(madeBy + code, StandardCharsets.UTF_8).toString();
  }

  /** The content of {@code results.json}: the configuration has every default filled in. */
  public JsonNode json() {
    ObjectNode json = Configs.json().createObjectNode().put("schema", SCHEMA);
    json.putPOJO("provenance", provenance).putPOJO("config", config);
    json.putPOJO(baselines.field(), baselines.content());
    json.putPOJO("runs", runs);
    if (!failures.isEmpty()) {
      json.putPOJO("failures", failures);
    }
    return json;
  }

  /** The scores of a run on the test examples. */
  public Scores scores(Run run) {
    return run.detail(TEST, config.task().scoresType());
  }

  /** The name of a run, with its seed where there are several of that name. */
  public String label(Run run) {
    boolean several = runs.stream().filter(other -> other.name().equals(run.name())).count() > 1;
    return several ? run.name() + " seed " + run.seed() : run.name();
  }

  /** The field of a run's scores on the test examples. */
  public static final String TEST = "test";

  /**
   * Where a run comes from.
   *
   * @param code a hash of the classes, kernels and BLAS that ran
   * @param from the folder of the run that it is a copy of; null where it was trained in its place
   */
  public record Origin(
      String code, @JsonInclude(JsonInclude.Include.NON_NULL) @Derived String from) {}

  /**
   * A run that couldn't be brought to its end: the content of {@code failed.json}.
   *
   * @param name of the architecture
   * @param seed of weights, batches and dropout
   * @param madeBy a hash of the configuration and the data
   * @param code that ran
   * @param reason in one line
   */
  public record Failure(String name, long seed, String madeBy, String code, String reason) {
    /** Its name in the folder of the run. */
    public static final String FILE = "failed.json";
  }

  /**
   * One trained model: the content of {@code run.json}.
   *
   * @param name of the architecture
   * @param seed of weights, batches and dropout
   * @param madeBy a hash of the configuration and the data that made it
   * @param origin the code that ran; null in runs of version 0.1
   * @param model its configuration
   * @param parameters number of parameters
   * @param steps updates made
   * @param bestStep the update whose weights were tested
   * @param trainSeconds time spent in updates
   * @param cpuSeconds the same of all threads together; 0 in runs of version 0.1
   * @param details what the task keeps: the way there, scores on the test examples, pictures
   */
  public record Run(
      String name,
      long seed,
      String madeBy,
      @JsonInclude(JsonInclude.Include.NON_NULL) Origin origin,
      JsonNode model,
      long parameters,
      long steps,
      long bestStep,
      double trainSeconds,
      double cpuSeconds,
      @JsonAnyGetter @JsonAnySetter Map<String, JsonNode> details) {
    /** Its name in the folder of the run. */
    public static final String FILE = "run.json";

    /** Copies the details. */
    public Run {
      checkArgument(name != null && madeBy != null, "run: must have name and madeBy");
      details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
    }

    /** The run that was finished in a folder. */
    public static Run in(Path folder) throws IOException {
      Path file = folder.resolve(FILE);
      return read(file.toString(), Files.readString(file));
    }

    /** What names it among all runs; empty where the code that ran is not known. */
    public Optional<String> key() {
      return origin == null ? Optional.empty() : Optional.of(Results.key(madeBy, origin.code));
    }

    /** The same run under another name, which scores that tell whose they are tell too. */
    Run as(String other, Origin origin) {
      Map<String, JsonNode> renamed = new LinkedHashMap<>(details);
      renamed.replaceAll((field, value) -> renamed(value, other));
      return with(other, origin, renamed);
    }

    private JsonNode renamed(JsonNode value, String other) {
      if (!(value instanceof ObjectNode)) {
        return value;
      }
      ObjectNode copy = value.deepCopy();
      for (Map.Entry<String, JsonNode> field : value.properties()) {
        if (field.getValue().isTextual() && field.getValue().asText().equals(name)) {
          copy.put(field.getKey(), other);
        }
      }
      return copy;
    }

    private Run with(String name, Origin origin, Map<String, JsonNode> details) {
      return new Run(
          name,
          seed,
          madeBy,
          origin,
          model,
          parameters,
          steps,
          bestStep,
          trainSeconds,
          cpuSeconds,
          details);
    }

    /** Reads what was written, details in the order that they were written in. */
    static Run read(String subject, String text) {
      Run run = Configs.read(subject, text, Run.class);
      Map<String, JsonNode> ordered = new LinkedHashMap<>();
      // Jackson collects what has no component of its own in no order.
      for (Map.Entry<String, JsonNode> field :
          Configs.read(subject, text, JsonNode.class).properties()) {
        if (run.details.containsKey(field.getKey())) {
          ordered.put(field.getKey(), field.getValue());
        }
      }
      return run.with(run.name, run.origin, ordered);
    }

    /**
     * One of the details.
     *
     * @throws IllegalArgumentException where there is none
     */
    public JsonNode detail(String field) {
      JsonNode value = details.get(field);
      checkArgument(value != null, "run %s: must hold %s, got none", name, field);
      return value;
    }

    /**
     * One of the details as what it was written from.
     *
     * @throws IllegalArgumentException where there is none, or it is something else
     */
    public <T> T detail(String field, Class<T> type) {
      return Configs.read("run " + name + " " + field, detail(field).toString(), type);
    }

    /** A number among the details. */
    public double number(String field) {
      return detail(field).asDouble();
    }

    /** Pairs of two fields of a list among the details. */
    public List<double[]> points(String list, String x, String y) {
      List<double[]> points = new ArrayList<>();
      for (JsonNode point : detail(list)) {
        points.add(new double[] {point.path(x).asDouble(), point.path(y).asDouble()});
      }
      return points;
    }
  }
}
