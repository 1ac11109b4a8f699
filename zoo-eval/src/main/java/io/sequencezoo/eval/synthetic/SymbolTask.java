package io.sequencezoo.eval.synthetic;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.SyntheticConfig;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.eval.experiment.Alphabet;
import io.sequencezoo.eval.experiment.Baselines;
import io.sequencezoo.eval.experiment.ExampleRows;
import io.sequencezoo.eval.experiment.TokenTask;
import java.util.List;
import java.util.Locale;

/**
 * A task on sequences of independent uniform symbols: one of {@link
 * io.sequencezoo.datasets.synthetic.SyntheticTask}.
 *
 * @param config what determines the data
 */
@JsonTypeName("synthetic")
public record SymbolTask(@JsonValue SyntheticConfig config) implements TokenTask {
  /** Reads what determines the data. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public SymbolTask {}

  @Override
  public String name() {
    return config.task().label();
  }

  @Override
  public String title() {
    return "Synthetic task " + name();
  }

  @Override
  public String subtitle() {
    return String.format(
        Locale.ROOT,
        "%d steps, %d symbols, %,d training examples, %,d test examples",
        config.length(),
        config.symbols(),
        config.trainExamples(),
        config.testExamples());
  }

  @Override
  public int vocabulary() {
    return config.vocabulary();
  }

  /** Inputs are of symbols; a blank is only ever an answer. */
  @Override
  public Alphabet alphabet() {
    return Alphabet.numbers(config.vocabulary(), config.symbols());
  }

  @Override
  public int examples(Split split) {
    return new SyntheticData(config).examples(split);
  }

  @Override
  public int length(Split split, int index) {
    return config.length();
  }

  @Override
  public TokenBatch batch(Split split, List<Integer> indices) {
    SyntheticData data = new SyntheticData(config);
    return ExampleRows.batch(indices.stream().map(index -> data.example(split, index)).toList());
  }

  @Override
  public String hash(Split split) {
    return new SyntheticData(config).hash();
  }

  @Override
  public Baselines baselines() {
    return Baselines.chance(config.chance(), config.length());
  }
}
