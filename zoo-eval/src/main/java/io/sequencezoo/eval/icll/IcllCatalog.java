package io.sequencezoo.eval.icll;

import io.sequencezoo.datasets.icll.IcllConfig;
import io.sequencezoo.eval.experiment.TaskCatalog;
import java.util.List;

/** Registers in-context language learning. */
public final class IcllCatalog implements TaskCatalog {
  @Override
  public List<Entry> entries() {
    return List.of(
        new Entry(
            new IcllTask(IcllConfig.regBench(0, 2500)),
            "continue strings of a language that only the prompt shows"));
  }
}
