package io.sequencezoo.models.rnn;

import io.sequencezoo.core.registry.Catalog.Entry;
import io.sequencezoo.models.rnn.ParaRnnOptions.Initialisation;
import io.sequencezoo.models.rnn.ParaRnnOptions.Layout;
import java.util.List;

/** The nonlinear recurrent blocks; examples must fit width 8. */
public final class RnnCatalog {
  private RnnCatalog() {}

  /** One entry per block. */
  public static List<Entry> entries() {
    return List.of(
        new Entry(
            ElmanConfig.class,
            Elman.class,
            "Elman network: one nonlinear layer of input and last output",
            List.of(
                ElmanConfig.standard(),
                new ElmanConfig(3, ElmanConfig.Activation.RELU, RecurrentDropout.none()))),
        new Entry(
            LstmConfig.class,
            Lstm.class,
            "LSTM: gated cells driven by the input and their own last output",
            List.of(
                LstmConfig.standard(),
                new LstmConfig(3, 0.0),
                LstmConfig.of(LstmConfig.Variant.PEEPHOLE),
                LstmConfig.of(LstmConfig.Variant.COUPLED))),
        new Entry(
            GruConfig.class,
            Gru.class,
            "GRU: a gated move from the last state to a candidate",
            List.of(GruConfig.standard(), GruConfig.resetBefore())),
        new Entry(
            RhnConfig.class,
            Rhn.class,
            "Recurrent highway network: several gated layers between two tokens",
            List.of(RhnConfig.standard(), new RhnConfig(3, 1, -1.0, RecurrentDropout.none()))),
        new Entry(
            SlstmConfig.class,
            Slstm.class,
            "sLSTM: normalised averages with exponential gates, recurrent within heads",
            List.of(new SlstmConfig(6, 2, RecurrentDropout.none()))),
        new Entry(
            BidirectionalConfig.class,
            Bidirectional.class,
            "Bidirectional: a mixer in both directions, outputs merged",
            List.of(
                BidirectionalConfig.standard(GruConfig.standard()),
                new BidirectionalConfig(new LstmConfig(3, 1), BidirectionalConfig.Merge.MEAN))),
        new Entry(
            StackedConfig.class,
            Stacked.class,
            "Stacked: mixers one on top of the other",
            List.of(new StackedConfig(List.of(LstmConfig.standard(), GruConfig.standard()), 0))),
        new Entry(
            ParaGruConfig.class,
            ParaRnn.class,
            "ParaGRU: gated cells whose channels see only themselves in the past, by Newton",
            List.of(
                ParaGruConfig.standard(),
                new ParaGruConfig(4, 1, Layout.BARE, 0, Initialisation.PAPER, 0.9, false))),
        new Entry(
            ParaLstmConfig.class,
            ParaRnn.class,
            "ParaLSTM: the same with a memory cell and peepholes",
            List.of(
                ParaLstmConfig.standard(),
                new ParaLstmConfig(4, 1, Layout.BARE, 0, Initialisation.PAPER, 0.9, false))));
  }
}
