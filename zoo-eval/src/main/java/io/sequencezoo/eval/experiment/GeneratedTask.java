package io.sequencezoo.eval.experiment;

import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.SizedData;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** A task on examples that a generator draws by size. */
public interface GeneratedTask extends SizedTask {
  /** Baselines count this many examples at most. */
  int COUNTED = 2000;

  /** Tokens that baselines look at. */
  List<Integer> LOOKED_AT = List.of(0, 1, 3);

  /** Examples of one length are together in a batch. */
  int STANDARD_WINDOW = 16;

  /** The examples. */
  SizedData data();

  @Override
  default String subtitle() {
    return String.format(
        Locale.ROOT,
        "trained on up to %d %s, tested on %s; %,d training examples, %,d test examples a size",
        trainedSize(),
        sizes(),
        testedSizes(),
        examples(Split.TRAIN),
        data().sizes().testExamples());
  }

  @Override
  default int vocabulary() {
    return data().vocabulary();
  }

  @Override
  default int examples(Split split) {
    return data().sizes().examples(split);
  }

  @Override
  default int length(Split split, int index) {
    return data().length(split, index);
  }

  @Override
  default String sizes() {
    return "tokens";
  }

  @Override
  default int size(Split split, int index) {
    return data().size(split, index);
  }

  @Override
  default int trainedSize() {
    return data().sizes().maxLength();
  }

  @Override
  default List<Integer> testedSizes() {
    return data().sizes().testLengths();
  }

  @Override
  default SyntheticData.Example example(Split split, int index) {
    return data().example(split, index);
  }

  @Override
  default Integer standardWindow() {
    return STANDARD_WINDOW;
  }

  @Override
  default String hash(Split split) {
    return data().hash();
  }

  /** What follows the last n tokens most often in training, of what tests count. */
  default AnswerCounts counts(int n) {
    int count = Math.min(COUNTED, examples(Split.TRAIN));
    SizedData data = data();
    return new AnswerCounts(
        vocabulary(),
        n,
        IntStream.range(0, count).mapToObj(i -> data.scored(Split.TRAIN, i)).toList());
  }

  /** How {@link #counts} are called. */
  default String countName(int n) {
    return switch (n) {
      case 0 -> "most frequent answer";
      case 1 -> "after the last token";
      default -> "after the last " + n + " tokens";
    };
  }

  /** The answers that come most often, whatever was read, and after the last tokens. */
  @Override
  default Baselines baselines() {
    Map<String, Scores> scores = new LinkedHashMap<>();
    for (int n : LOOKED_AT) {
      String name = countName(n);
      scores.put(name, score(name, counts(n), null, Split.TEST, examples(Split.TEST)));
    }
    return new Baselines("baselines", scores, scores);
  }
}
