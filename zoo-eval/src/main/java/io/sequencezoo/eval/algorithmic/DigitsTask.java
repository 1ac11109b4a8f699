package io.sequencezoo.eval.algorithmic;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.AlgorithmicConfig;
import io.sequencezoo.datasets.synthetic.AlgorithmicData;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.eval.experiment.Alphabet;
import io.sequencezoo.eval.experiment.Baselines;
import io.sequencezoo.eval.experiment.SizedTask;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A task on digits: one of {@link io.sequencezoo.datasets.synthetic.AlgorithmicTask}.
 *
 * @param config what determines the data
 */
@JsonTypeName("algorithmic")
public record DigitsTask(@JsonValue AlgorithmicConfig config) implements SizedTask {
  /** Questions of one length are together in a batch. */
  private static final int STANDARD_WINDOW = 16;

  /** Reads what determines the data. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public DigitsTask {}

  @Override
  public String name() {
    return config.task().label();
  }

  @Override
  public String title() {
    return "Algorithmic task " + name();
  }

  @Override
  public String subtitle() {
    return String.format(
        Locale.ROOT,
        "trained on %d to %d digits, tested on %s; %,d training examples, %,d test examples a"
            + " length",
        config.minLength(),
        config.maxLength(),
        config.testLengths(),
        config.trainExamples(),
        config.testExamples());
  }

  @Override
  public int vocabulary() {
    return config.vocabulary();
  }

  /** Samples are of digits alone. */
  @Override
  public Alphabet alphabet() {
    return Alphabet.numbers(config.vocabulary(), config.symbols());
  }

  @Override
  public int examples(Split split) {
    return config.examples(split);
  }

  @Override
  public int length(Split split, int index) {
    return config.tokens(size(split, index));
  }

  @Override
  public String sizes() {
    return "digits";
  }

  @Override
  public int size(Split split, int index) {
    return new AlgorithmicData(config).length(split, index);
  }

  @Override
  public int trainedSize() {
    return config.maxLength();
  }

  @Override
  public List<Integer> testedSizes() {
    return config.testLengths();
  }

  @Override
  public SyntheticData.Example example(Split split, int index) {
    return new AlgorithmicData(config).example(split, index);
  }

  @Override
  public Integer standardWindow() {
    return STANDARD_WINDOW;
  }

  @Override
  public String hash(Split split) {
    return new AlgorithmicData(config).hash();
  }

  /** A guess among all digits. */
  @Override
  public Baselines baselines() {
    double chance = 1.0 / config.symbols();
    return SizedTask.guesses(Map.of("chance", guess(size -> chance, config::answers)));
  }
}
