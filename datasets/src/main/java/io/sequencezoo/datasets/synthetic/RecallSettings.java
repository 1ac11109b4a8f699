package io.sequencezoo.datasets.synthetic;

import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.RecallConfig.Setting;
import java.util.List;

/** How many examples of recall there are, one setting after the other. */
public interface RecallSettings {
  /** V. */
  int vocabulary();

  /** What is trained on. */
  List<Setting> train();

  /** What is tested, by ascending pairs. */
  List<Setting> test();

  /** Alternately of what is trained on. */
  int validationExamples();

  /** The number of examples of a split. */
  default int examples(Split split) {
    return split == Split.VALIDATION
        ? validationExamples()
        : settings(split).stream().mapToInt(Setting::examples).sum();
  }

  /** What example number {@code index} of a split is like. */
  default Setting setting(Split split, int index) {
    List<Setting> settings = settings(split);
    if (split == Split.VALIDATION) {
      return settings.get(index % settings.size());
    }
    int before = 0;
    for (Setting setting : settings) {
      before += setting.examples();
      if (index < before) {
        return setting;
      }
    }
    throw new IllegalArgumentException(
        "mqar: index must be below the "
            + before
            + " "
            + split.label()
            + " examples, got "
            + index);
  }

  private List<Setting> settings(Split split) {
    return split == Split.TEST ? test() : train();
  }
}
