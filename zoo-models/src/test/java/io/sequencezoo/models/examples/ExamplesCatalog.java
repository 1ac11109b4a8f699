package io.sequencezoo.models.examples;

import io.sequencezoo.core.registry.Catalog;
import java.util.List;

/** Blocks that only tests have, to show what a new one takes: one line each. */
public final class ExamplesCatalog implements Catalog {
  @Override
  public List<Entry> entries() {
    return List.of(Entry.of(DepthRecurrentConfig.class, DepthRecurrent.class));
  }
}
