package io.sequencezoo.eval.recall;

import io.sequencezoo.datasets.synthetic.ChainedRecallConfig;
import io.sequencezoo.datasets.synthetic.RecallConfig;
import io.sequencezoo.eval.experiment.TaskCatalog;
import java.util.List;

/** Registers multi-query associative recall. */
public final class RecallCatalog implements TaskCatalog {
  @Override
  public List<Entry> entries() {
    return List.of(
        new Entry(
            new RecallTask(RecallConfig.standard()),
            "tell the values of many keys, shown in pairs before"),
        new Entry(
            new ChainedRecallTask(ChainedRecallConfig.standard()),
            "tell values that several pairs lead to, from key to key"),
        new Entry(
            new ChainedRecallTask(ChainedRecallConfig.updates()),
            "tell the last values of keys, some of which were given anew"));
  }
}
