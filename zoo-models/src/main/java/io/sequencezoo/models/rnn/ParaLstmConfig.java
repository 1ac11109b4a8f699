package io.sequencezoo.models.rnn;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.rnn.ParaRnnOptions.Initialisation;
import io.sequencezoo.models.rnn.ParaRnnOptions.Layout;
import java.util.List;

/**
 * Describes a {@link ParaRnn} with LSTM cells. What is absent takes the reference's default.
 *
 * @param hidden N, the number of channels; the width
 * @param heads H, blocks of the input matrices; 2
 * @param layout the paper's whole block, or the bare cell; block
 * @param shortConvolution W of the block's causal convolution, or 0 for none; 4
 * @param initialisation of the reference code, or of the paper's appendix C.1; code
 * @param normClip what recurrent weights are clamped to, or 0 for nothing; 0 with the code's
 *     initialisation, 0.5 with the paper's
 * @param residualScale whether a block's output has a learnable scale; true
 */
@JsonTypeName(ParaLstmConfig.NAME)
@JsonClassDescription("ParaLSTM: the same with a memory cell and peepholes")
public record ParaLstmConfig(
    @Derived int hidden,
    int heads,
    Layout layout,
    int shortConvolution,
    Initialisation initialisation,
    double normClip,
    boolean residualScale)
    implements MixerConfig {
  static final String NAME = "para_lstm";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public ParaLstmConfig {
    checkArgument(
        hidden >= 0, NAME + ": hidden must be at least 1, or 0 for its default, got %s", hidden);
    new ParaRnnOptions(heads, layout, shortConvolution, initialisation, normClip, residualScale)
        .checked(NAME);
  }

  /** The block with the reference code's initialisation. */
  public static ParaLstmConfig standard() {
    return standard(Layout.BLOCK, Initialisation.CODE);
  }

  /** The default where layout and initialisation are these. */
  static ParaLstmConfig standard(Layout layout, Initialisation initialisation) {
    ParaRnnOptions options = ParaRnnOptions.standard(layout, initialisation);
    return new ParaLstmConfig(
        0,
        options.heads(),
        layout,
        options.shortConvolution(),
        initialisation,
        options.normClip(),
        options.residualScale());
  }

  /** The block of the paper's language models: its initialisation, weights clipped to 0.5. */
  public static ParaLstmConfig paper() {
    return new ParaLstmConfig(0, 4, Layout.BLOCK, 4, Initialisation.PAPER, 0.5, true);
  }

  /**
   * The bare cell of the paper's synthetic tasks: 4 heads, nothing around it.
   *
   * @param normClip 0.9 in the paper, 0 for parity
   */
  public static ParaLstmConfig bare(double normClip) {
    return new ParaLstmConfig(0, 4, Layout.BARE, 0, Initialisation.PAPER, normClip, false);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<ParaLstmConfig> examples() {
    return List.of(
        standard(), new ParaLstmConfig(4, 1, Layout.BARE, 0, Initialisation.PAPER, 0.9, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    ParaRnnOptions options =
        new ParaRnnOptions(
            heads, layout, shortConvolution, initialisation, normClip, residualScale);
    return new SequenceMixer(options.build(ParaRnn.Kind.LSTM, place.width(), hidden));
  }
}
