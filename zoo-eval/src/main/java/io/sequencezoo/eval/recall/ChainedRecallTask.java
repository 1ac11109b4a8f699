package io.sequencezoo.eval.recall;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.ChainedRecallConfig;
import io.sequencezoo.datasets.synthetic.ChainedRecallData;
import io.sequencezoo.datasets.synthetic.RecallConfig.Setting;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.eval.experiment.Baselines;
import io.sequencezoo.eval.experiment.SizeScores;
import io.sequencezoo.eval.experiment.SizedTask;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Recall by several hops, {@code mqar_hops}, or of values that are overwritten, {@code
 * mqar_updates}; sizes are chains.
 *
 * @param config what determines the data
 */
@JsonTypeName("mqar_chains")
public record ChainedRecallTask(@JsonValue ChainedRecallConfig config) implements PairsTask {
  /** Reads what determines the data. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public ChainedRecallTask {}

  @Override
  public String name() {
    return config.hops() > 1 ? "mqar_hops" : "mqar_updates";
  }

  @Override
  public String title() {
    return config.hops() > 1
        ? "Associative recall by " + config.hops() + " hops"
        : "Associative recall of overwritten values";
  }

  @Override
  public String sizes() {
    return "chains";
  }

  @Override
  public SyntheticData.Example example(Split split, int index) {
    return new ChainedRecallData(config).example(split, index);
  }

  @Override
  public String hash(Split split) {
    return new ChainedRecallData(config).hash();
  }

  /**
   * A guess among all values; one among those of the example; and where some are overwritten the
   * value that each key had first.
   */
  @Override
  public Baselines baselines() {
    Map<Integer, Double> shown = new LinkedHashMap<>();
    Map<Integer, Double> kept = new LinkedHashMap<>();
    for (Setting setting : config.test()) {
      int chains = setting.pairs();
      int updates = new ChainedRecallData(config).shown(setting) - chains * config.hops();
      shown.put(chains, 1.0 / (chains + updates));
      kept.put(chains, 1 - (double) updates / chains);
    }
    double chance = 1.0 / (config.vocabulary() - config.vocabulary() / 2);
    Map<String, SizeScores> guesses = new LinkedHashMap<>();
    guesses.put("chance", guess(chains -> chance, chains -> chains));
    guesses.put("a value that was shown", guess(shown::get, chains -> chains));
    if (config.overwritten() > 0) {
      guesses.put("the first value of a key", firstValues(kept));
    }
    return SizedTask.guesses(guesses);
  }

  /** Never the whole answer, where anything is overwritten. */
  private SizeScores firstValues(Map<Integer, Double> kept) {
    return guess(kept::get, chains -> kept.get(chains) < 1 ? Double.POSITIVE_INFINITY : 0);
  }
}
