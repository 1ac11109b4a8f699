package io.sequencezoo.eval.rows;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.image.ShapeConfig;
import io.sequencezoo.eval.experiment.TaskCatalog;
import java.util.List;

/** Registers images for classifiers. */
public final class RowsCatalog implements TaskCatalog {
  @Override
  public List<Entry> entries() {
    ShapeConfig standard = ShapeConfig.standard();
    return List.of(
        new Entry(
            new ImageRowsTask(Configs.with(standard, "testLengths", List.of(standard.side()))),
            "the shape an image shows, for classifiers of rows or pixels"));
  }
}
