package io.sequencezoo.eval.mad;

import io.sequencezoo.datasets.mad.MadConfig;
import io.sequencezoo.datasets.mad.MadTask;
import io.sequencezoo.eval.experiment.TaskCatalog;
import java.util.Arrays;
import java.util.List;

/** Registers the tasks of mechanistic architecture design. */
public final class MadCatalog implements TaskCatalog {
  @Override
  public List<Entry> entries() {
    return Arrays.stream(MadTask.values())
        .map(task -> new Entry(new MechanisticTask(MadConfig.standard(task)), summary(task)))
        .toList();
  }

  private static String summary(MadTask task) {
    return switch (task) {
      case IN_CONTEXT_RECALL -> "the value of a key that came before";
      case FUZZY_RECALL -> "the same where keys and values are of several tokens";
      case NOISY_RECALL -> "the same among pairs of noise";
      case SELECTIVE_COPYING -> "tokens that stood among blanks, in their order";
      case COMPRESSION -> "random tokens that a state has to hold, in their order";
      case MEMORISATION -> "values of keys that no example shows";
    };
  }
}
