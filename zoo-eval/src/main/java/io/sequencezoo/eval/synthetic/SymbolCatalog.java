package io.sequencezoo.eval.synthetic;

import io.sequencezoo.datasets.synthetic.SyntheticConfig;
import io.sequencezoo.datasets.synthetic.SyntheticTask;
import io.sequencezoo.eval.experiment.TaskCatalog;
import java.util.List;

/** Registers the synthetic tasks. */
public final class SymbolCatalog implements TaskCatalog {
  @Override
  public List<Entry> entries() {
    return List.of(
        entry(SyntheticTask.PARITY, "whether the ones so far are odd in number"),
        entry(SyntheticTask.KEEP_5TH, "repeat the fifth symbol for ever after"),
        entry(SyntheticTask.ONE_HOP, "what came after the symbol at hand when it came last"),
        entry(SyntheticTask.TWO_HOP, "the same, and once more from there"));
  }

  private static Entry entry(SyntheticTask task, String summary) {
    return new Entry(new SymbolTask(SyntheticConfig.standard(task)), summary);
  }
}
