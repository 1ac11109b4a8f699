package io.sequencezoo.eval.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.train.TrainListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An experiment small enough for a test, and what of its results must be equal when repeated. */
public final class TinyExperiment {
  /** Everything but the number of steps and the end of the last line. */
  private static final String YAML =
      """
      task:
        type: icll
        seed: 3
        trainExamples: 8
        validationExamples: 3
        testExamples: 3
        languages: {symbols: 6, maxStates: 5, edgeBound: 3}
        prompts: {minStrings: 2, stringBound: 5, lengthBound: 8}
      model:
        type: language_model
        width: 8
        layers: 1
        mixer: {type: softmax_attention, heads: 2}
        channel: {type: swiglu, expansion: 2}
        dropout: 0.1
      mixers:
        - {type: softmax_attention, heads: 2}
        - {type: gla, heads: 2}
        - {type: lstm}
      train: {optimizer: {type: adamw, lr: 1e-2}, steps: %d, batch: 2, seed: 1, evaluateEvery: 2}
      """;

  private TinyExperiment() {}

  /** Three architectures, trained for so many steps each, as YAML. */
  public static String yaml(int steps) {
    return YAML.formatted(steps);
  }

  static ExperimentConfig config(int steps) {
    return ExperimentConfig.parse("tiny", yaml(steps));
  }

  static TrainListener silent(String name) {
    return new TrainListener() {};
  }

  /** The results in a folder, without what differs from run to run: times. */
  public static JsonNode comparable(Path folder) throws IOException {
    JsonNode results =
        Configs.json().readTree(Files.readString(folder.resolve(Experiment.RESULTS)));
    ((ObjectNode) results.path("provenance")).remove("created");
    for (JsonNode run : results.path("runs")) {
      ((ObjectNode) run).remove(List.of("trainSeconds", "cpuSeconds", "tokensPerSecond"));
    }
    return results;
  }
}
