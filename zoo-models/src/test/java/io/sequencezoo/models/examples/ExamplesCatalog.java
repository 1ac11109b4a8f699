package io.sequencezoo.models.examples;

import io.sequencezoo.core.registry.Catalog;
import java.util.List;

/** Blocks that only tests have, to show what a new one takes: one entry each. */
public final class ExamplesCatalog implements Catalog {
  @Override
  public List<Entry> entries() {
    return List.of(
        new Entry(
            DepthRecurrentConfig.class,
            DepthRecurrent.class,
            "A stage that is repeated with shared parameters and halts softly",
            List.of(DepthRecurrentConfig.example())),
        new Entry(
            ForecasterConfig.class,
            Forecaster.class,
            "A forecaster of several steps ahead",
            List.of(ForecasterConfig.example())));
  }
}
