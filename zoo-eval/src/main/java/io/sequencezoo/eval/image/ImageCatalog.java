package io.sequencezoo.eval.image;

import io.sequencezoo.datasets.image.ShapeConfig;
import io.sequencezoo.eval.experiment.TaskCatalog;
import java.util.List;

/** Registers the tasks on images. */
public final class ImageCatalog implements TaskCatalog {
  @Override
  public List<Entry> entries() {
    return List.of(
        new Entry(
            new ShapesTask(ShapeConfig.standard()),
            "which of six shapes a noisy image shows, pixel by pixel"));
  }
}
