package io.sequencezoo.eval.text;

import io.sequencezoo.datasets.text.TextConfig;
import io.sequencezoo.eval.experiment.TaskCatalog;
import java.util.List;

/** Registers language modelling. */
public final class TextCatalog implements TaskCatalog {
  @Override
  public List<Entry> entries() {
    return List.of(
        new Entry(
            new TextTask(TextConfig.standard()),
            "the next byte or character of your own file: --set task.path=FILE"));
  }
}
