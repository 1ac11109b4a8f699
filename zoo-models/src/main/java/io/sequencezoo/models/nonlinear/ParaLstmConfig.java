package io.sequencezoo.models.nonlinear;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
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
    implements ParaRnnConfig {
  static final String NAME = "para_lstm";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public ParaLstmConfig {
    ParaRnn.check(NAME, hidden, heads, layout, shortConvolution, normClip, residualScale);
  }

  /** The block with the reference code's initialisation. */
  public static ParaLstmConfig standard() {
    return standard(Layout.BLOCK, Initialisation.CODE);
  }

  /** The default where layout and initialisation are these. */
  static ParaLstmConfig standard(Layout layout, Initialisation initialisation) {
    boolean block = layout == Layout.BLOCK;
    return new ParaLstmConfig(
        0, 2, layout, layout.span(), initialisation, initialisation.clip(), block);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<ParaLstmConfig> examples() {
    return List.of(
        standard(), new ParaLstmConfig(4, 1, Layout.BARE, 0, Initialisation.PAPER, 0.9, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(ParaRnn.of(ParaRnn.Kind.LSTM, place.width(), this));
  }
}
