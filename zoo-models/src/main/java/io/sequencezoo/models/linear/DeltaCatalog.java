package io.sequencezoo.models.linear;

import io.sequencezoo.core.registry.Catalog.Entry;
import java.util.List;

/** The blocks that correct what their matrix state holds; examples must fit width 8. */
final class DeltaCatalog {
  private DeltaCatalog() {}

  /** One entry per block. */
  static List<Entry> entries() {
    return List.of(
        new Entry(
            DeltaNetConfig.class,
            DeltaNet.class,
            "DeltaNet: a matrix state per head in which values replace what their keys recall",
            List.of(DeltaNetConfig.standard(), new DeltaNetConfig(1, 0.5, 2.0, 0, true, true))),
        new Entry(
            GatedDeltaNetConfig.class,
            GatedDeltaNet.class,
            "Gated DeltaNet: the delta rule on a state that forgets by an input-set decay",
            List.of(
                GatedDeltaNetConfig.standard(),
                new GatedDeltaNetConfig(2, 4, 0.5, 2.0, 2, true, false))),
        new Entry(
            KimiDeltaAttentionConfig.class,
            KimiDeltaAttention.class,
            "Kimi Delta Attention: the delta rule on a state of decaying key channels",
            List.of(
                KimiDeltaAttentionConfig.standard(),
                new KimiDeltaAttentionConfig(2, 4, 0.5, 1.0, 0, true))),
        new Entry(
            DeltaProductConfig.class,
            DeltaProduct.class,
            "DeltaProduct: several corrections per token, a product of reflections per step",
            List.of(
                DeltaProductConfig.standard(),
                DeltaProductConfig.ungated(),
                new DeltaProductConfig(1, 2, 0.5, 1.0, 3, true, 0, false, false))),
        new Entry(
            Rwkv7Config.class,
            Rwkv7.class,
            "RWKV-7: a matrix state per head that removes along one key and writes along another",
            List.of(Rwkv7Config.standard(), new Rwkv7Config(2, 3, 2, 5))));
  }
}
