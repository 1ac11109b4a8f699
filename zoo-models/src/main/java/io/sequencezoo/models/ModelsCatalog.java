package io.sequencezoo.models;

import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.models.rnn.Lstm;
import io.sequencezoo.models.rnn.LstmConfig;
import java.util.List;

/**
 * Every block of this module, one entry each. Examples must fit width 8; the contract test also
 * runs those that fit an odd width.
 */
public final class ModelsCatalog implements Catalog {
  @Override
  public List<Entry> entries() {
    return List.of(
        new Entry(
            LstmConfig.class,
            Lstm.class,
            "LSTM: gated cells driven by the input and their own last output",
            List.of(LstmConfig.standard(), new LstmConfig(3, 0.0))));
  }
}
