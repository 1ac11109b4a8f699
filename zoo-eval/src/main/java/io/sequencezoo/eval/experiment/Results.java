package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonAnySetter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.train.Provenance;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Everything that an experiment found, with what it was computed from.
 *
 * @param config the experiment
 * @param provenance what ran, where
 * @param baselines what needs no training, on the same test examples
 * @param runs one per architecture and seed, in the order they ran
 */
public record Results(
    ExperimentConfig config, Provenance provenance, Baselines baselines, List<Run> runs) {
  /** The current version of the layout of {@code results.json}. */
  public static final int SCHEMA = 1;

  /** Copies the runs. */
  public Results {
    runs = List.copyOf(runs);
  }

  /** The content of {@code results.json}: the configuration has every default filled in. */
  public JsonNode json() {
    ObjectNode json = Configs.json().createObjectNode().put("schema", SCHEMA);
    json.putPOJO("provenance", provenance).putPOJO("config", config);
    json.putPOJO(baselines.field(), baselines.content());
    return json.putPOJO("runs", runs);
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
  static final String TEST = "test";

  /**
   * One trained model: the content of {@code run.json}.
   *
   * @param name of the architecture
   * @param seed of weights, batches and dropout
   * @param madeBy a hash of the configuration and the data that made it
   * @param model its configuration
   * @param parameters number of parameters
   * @param steps updates made
   * @param bestStep the update whose weights were tested
   * @param trainSeconds time spent in updates
   * @param details what the task keeps: the way there, scores on the test examples, pictures
   */
  public record Run(
      String name,
      long seed,
      String madeBy,
      JsonNode model,
      long parameters,
      long steps,
      long bestStep,
      double trainSeconds,
      @JsonAnyGetter @JsonAnySetter Map<String, JsonNode> details) {
    /** Copies the details. */
    public Run {
      checkArgument(name != null && madeBy != null, "run: must have name and madeBy");
      details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
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
      return new Run(
          run.name,
          run.seed,
          run.madeBy,
          run.model,
          run.parameters,
          run.steps,
          run.bestStep,
          run.trainSeconds,
          ordered);
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
