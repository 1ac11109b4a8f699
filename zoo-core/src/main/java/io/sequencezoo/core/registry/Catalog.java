package io.sequencezoo.core.registry;

import java.util.List;

/** What a module adds to the registry; found by {@link java.util.ServiceLoader}. */
public interface Catalog {
  /** One entry per block. */
  List<Entry> entries();

  /**
   * A registered block.
   *
   * @param config its configuration's class, which carries {@code @JsonTypeName}
   * @param block its implementation's class, which carries {@code @Paper} and {@code @Source}
   * @param summary one line for tables and {@code zoo list}
   * @param examples small configurations that the contract test runs, the default one first
   */
  record Entry(
      Class<? extends BlockConfig> config,
      Class<?> block,
      String summary,
      List<? extends BlockConfig> examples) {
    /** Copies the examples. */
    public Entry {
      examples = List.copyOf(examples);
    }
  }
}
