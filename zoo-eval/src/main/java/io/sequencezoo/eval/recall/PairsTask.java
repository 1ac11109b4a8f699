package io.sequencezoo.eval.recall;

import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.RecallConfig.Setting;
import io.sequencezoo.datasets.synthetic.RecallSettings;
import io.sequencezoo.eval.experiment.SizedTask;
import java.util.List;
import java.util.Locale;

/** Recall of what was shown in pairs; sizes are what is asked for. */
interface PairsTask extends SizedTask {
  /** The settings. */
  RecallSettings config();

  @Override
  default String subtitle() {
    return String.format(
        Locale.ROOT,
        "%,d tokens, trained on up to %d %s, tested on %s; %,d training examples",
        vocabulary(),
        trainedSize(),
        sizes(),
        testedSizes(),
        examples(Split.TRAIN));
  }

  @Override
  default int vocabulary() {
    return config().vocabulary();
  }

  @Override
  default int examples(Split split) {
    return config().examples(split);
  }

  @Override
  default int length(Split split, int index) {
    return config().setting(split, index).length();
  }

  @Override
  default String sizes() {
    return "pairs";
  }

  @Override
  default int size(Split split, int index) {
    return config().setting(split, index).pairs();
  }

  @Override
  default int trainedSize() {
    return config().train().stream().mapToInt(Setting::pairs).max().orElseThrow();
  }

  @Override
  default List<Integer> testedSizes() {
    return config().test().stream().map(Setting::pairs).toList();
  }

  /** Several lengths are kept apart where there are some. */
  @Override
  default Integer standardWindow() {
    boolean several = config().train().stream().map(Setting::length).distinct().count() > 1;
    return several ? 16 : null;
  }
}
