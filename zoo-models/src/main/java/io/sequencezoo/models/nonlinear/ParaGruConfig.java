package io.sequencezoo.models.nonlinear;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.nonlinear.ParaRnnOptions.Initialisation;
import io.sequencezoo.models.nonlinear.ParaRnnOptions.Layout;
import java.util.List;

/**
 * Describes a {@link ParaRnn} with GRU cells. What is absent takes the reference's default.
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
@JsonTypeName(ParaGruConfig.NAME)
@JsonClassDescription(
    "ParaGRU: gated cells whose channels see only themselves in the past, by Newton")
public record ParaGruConfig(
    @Derived int hidden,
    int heads,
    Layout layout,
    int shortConvolution,
    Initialisation initialisation,
    double normClip,
    boolean residualScale)
    implements MixerConfig {
  static final String NAME = "para_gru";

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public ParaGruConfig {
    RecurrentLayer.checkHidden(NAME, hidden);
    new ParaRnnOptions(heads, layout, shortConvolution, initialisation, normClip, residualScale)
        .checked(NAME);
  }

  private ParaGruConfig(ParaRnnOptions options) {
    this(
        0,
        options.heads(),
        options.layout(),
        options.shortConvolution(),
        options.initialisation(),
        options.normClip(),
        options.residualScale());
  }

  /** The block with the reference code's initialisation. */
  public static ParaGruConfig standard() {
    return standard(Layout.BLOCK, Initialisation.CODE);
  }

  /** The default where layout and initialisation are these. */
  static ParaGruConfig standard(Layout layout, Initialisation initialisation) {
    return new ParaGruConfig(ParaRnnOptions.standard(layout, initialisation));
  }

  /** The block of the paper's language models: its initialisation, weights clipped to 0.5. */
  public static ParaGruConfig paper() {
    return new ParaGruConfig(ParaRnnOptions.paper());
  }

  /**
   * The bare cell of the paper's synthetic tasks: 4 heads, nothing around it.
   *
   * @param normClip 0.9 in the paper, 0 for parity
   */
  public static ParaGruConfig bare(double normClip) {
    return new ParaGruConfig(ParaRnnOptions.bare(normClip));
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<ParaGruConfig> examples() {
    return List.of(
        standard(), new ParaGruConfig(4, 1, Layout.BARE, 0, Initialisation.PAPER, 0.9, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    ParaRnnOptions options =
        new ParaRnnOptions(
            heads, layout, shortConvolution, initialisation, normClip, residualScale);
    return new SequenceMixer(options.build(ParaRnn.Kind.GRU, place.width(), hidden));
  }
}
