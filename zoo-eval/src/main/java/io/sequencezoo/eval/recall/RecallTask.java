package io.sequencezoo.eval.recall;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import com.google.common.collect.ImmutableMap;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.RecallConfig;
import io.sequencezoo.datasets.synthetic.RecallData;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.eval.experiment.Baselines;
import io.sequencezoo.eval.experiment.SizedTask;

/**
 * Multi-query associative recall; sizes are pairs of a key and a value.
 *
 * @param config what determines the data
 */
@JsonTypeName("mqar")
public record RecallTask(@JsonValue RecallConfig config) implements PairsTask {
  /** Reads what determines the data. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public RecallTask {}

  @Override
  public String name() {
    return "mqar";
  }

  @Override
  public String title() {
    return "Multi-query associative recall";
  }

  @Override
  public SyntheticData.Example example(Split split, int index) {
    return new RecallData(config).example(split, index);
  }

  @Override
  public String hash(Split split) {
    return new RecallData(config).hash();
  }

  /** A guess among all values, and one among those of the example, which needs no keys. */
  @Override
  public Baselines baselines() {
    double chance = 1.0 / (config.vocabulary() - config.vocabulary() / 2);
    return SizedTask.guesses(
        ImmutableMap.of(
            "chance", guess(pairs -> chance, pairs -> pairs),
            "a value that was shown", guess(pairs -> 1.0 / pairs, pairs -> pairs)));
  }
}
