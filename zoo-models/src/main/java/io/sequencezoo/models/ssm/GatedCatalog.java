package io.sequencezoo.models.ssm;

import io.sequencezoo.core.registry.Catalog.Entry;
import java.util.List;

/** The blocks whose vector state decays at rates which the input sets. */
public final class GatedCatalog {
  private GatedCatalog() {}

  /** One entry per block. */
  public static List<Entry> entries() {
    return List.of(
        new Entry(
            MambaConfig.class,
            Mamba.class,
            "Mamba: decaying averages per channel whose steps, writes and reads the input selects",
            List.of(
                new MambaConfig(2, 4, 0, 4, 0.001, 0.1), new MambaConfig(1.0, 3, 2, 0, 0.01, 1.0))),
        new Entry(
            HgrnConfig.class,
            Hgrn.class,
            "HGRN: one decay per channel, bounded from below the higher the layer",
            List.of(HgrnConfig.standard(), new HgrnConfig(2.0, 0.5, 3))),
        new Entry(
            RgLruConfig.class,
            RgLru.class,
            "RG-LRU: gated decays of variance-preserving channels, in Griffin's block",
            List.of(new RgLruConfig(1, 1, 4), new RgLruConfig(2.0, 2, 0))),
        new Entry(
            QLstmConfig.class,
            QLstm.class,
            "qLSTM: the LSTM's gates, on the input only, around a linear state",
            List.of(QLstmConfig.standard(), new QLstmConfig(1.0, 0, false))),
        new Entry(
            MinGruConfig.class,
            MinGru.class,
            "minGRU: an average of positive candidates by one gate on the input",
            List.of(MinGruConfig.standard(), new MinGruConfig(2.0, 4))),
        new Entry(
            MinLstmConfig.class,
            MinLstm.class,
            "minLSTM: an average of positive candidates by two normalised gates on the input",
            List.of(MinLstmConfig.withShortConvolution(), new MinLstmConfig(2.0, 0))));
  }
}
