package io.sequencezoo.models.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.models.conv.ShortConvolutions;

/**
 * What {@link ParaGruConfig} and {@link ParaLstmConfig} share, defaults filled in.
 *
 * @param heads H, blocks of the input matrices
 * @param layout whole block or bare cell
 * @param shortConvolution W, or 0 for none
 * @param initialisation of diagonals, input matrices and biases
 * @param normClip largest size of a recurrent weight; 0 for no bound
 * @param residualScale whether the block's output has a learnable scale
 */
public record ParaRnnOptions(
    int heads,
    Layout layout,
    int shortConvolution,
    Initialisation initialisation,
    double normClip,
    boolean residualScale) {

  /** What stands around the cell. */
  public enum Layout {
    /** Linear, convolution, cell, gated norm, linear (the paper's figure 9). */
    @JsonProperty("block")
    BLOCK,
    /** The cell alone, as in the rows "mixer only" of the paper's synthetic tasks. */
    @JsonProperty("bare")
    BARE
  }

  /** Where weights start. */
  public enum Initialisation {
    /** The reference code's default: {@code xlstm} and {@code bias_minus_linspace}. */
    @JsonProperty("code")
    CODE,
    /** The paper's appendix C.1. */
    @JsonProperty("paper")
    PAPER;

    /** Diagonals and peepholes {@code [rows, N]}: N(0, 2/√(5N)), or Xavier's normal. */
    Initialiser diagonal(double clip) {
      return (shape, random) -> {
        double deviation =
            this == CODE ? 2 / Math.sqrt(5.0 * shape[1]) : Math.sqrt(2.0 / (shape[0] + shape[1]));
        double[] values = Initialisers.normal(deviation).values(shape, random);
        for (int i = 0; clip > 0 && i < values.length; i++) {
          values[i] = Math.max(-clip, Math.min(clip, values[i]));
        }
        return values;
      };
    }

    /**
     * Input matrices {@code [H, I/H, 3, N/H]}: Xavier's uniform with N, or N/H for the LSTM, as the
     * reference counts the outputs; or Kaiming's uniform.
     */
    Initialiser input(ParaRnn.Kind kind) {
      return (shape, random) -> {
        double out = kind == ParaRnn.Kind.GRU ? (double) shape[0] * shape[3] : shape[3];
        double bound = Math.sqrt(6.0 / (this == CODE ? shape[1] + out : shape[1]));
        return Initialisers.uniform(-bound, bound).values(shape, random);
      };
    }

    /** Biases {@code [3, N]}: minus 0 to 1 for the first gate, or zero. */
    Initialiser bias() {
      return (shape, random) -> {
        int n = (int) shape[1];
        double[] values = new double[(int) shape[0] * n];
        for (int j = 0; this == CODE && j < n; j++) {
          values[j] = n == 1 ? 0 : -(double) j / (n - 1);
        }
        return values;
      };
    }
  }

  /** What is left out where layout and initialisation are these. */
  static ParaRnnOptions standard(Layout layout, Initialisation initialisation) {
    boolean block = layout == Layout.BLOCK;
    double clip = initialisation == Initialisation.PAPER ? 0.5 : 0;
    return new ParaRnnOptions(2, layout, block ? 4 : 0, initialisation, clip, block);
  }

  /** The block of the paper's language models. */
  static ParaRnnOptions paper() {
    return new ParaRnnOptions(4, Layout.BLOCK, 4, Initialisation.PAPER, 0.5, true);
  }

  /** The bare cell of the paper's synthetic tasks. */
  static ParaRnnOptions bare(double normClip) {
    return new ParaRnnOptions(4, Layout.BARE, 0, Initialisation.PAPER, normClip, false);
  }

  /** Checks each field alone, and with the layout. */
  ParaRnnOptions checked(String name) {
    boolean block = layout == Layout.BLOCK;
    checkArgument(heads >= 1, "%s: heads must be at least 1, got %s", name, heads);
    checkArgument(
        block || shortConvolution == 0,
        "%s: layout bare has no convolution, got shortConvolution %s; use layout block",
        name,
        shortConvolution);
    checkArgument(
        block || !residualScale, "%s: layout bare has no residualScale; use layout block", name);
    checkArgument(
        normClip >= 0 && Double.isFinite(normClip),
        "%s: normClip must be positive, or 0 for none, got %s",
        name,
        normClip);
    ShortConvolutions.checkSpan(name, shortConvolution);
    return this;
  }

  /** Refuses sizes that the heads don't divide. */
  ParaRnn build(ParaRnn.Kind kind, int width, int hidden) {
    int n = hidden == 0 ? width : hidden;
    int input = layout == Layout.BLOCK ? n : width;
    checkArgument(
        n % heads == 0 && input % heads == 0,
        "%s: %s %s must be divisible by heads %s; use heads 1 or another hidden",
        kind.label(),
        n % heads != 0 ? "hidden" : "width",
        n % heads != 0 ? n : input,
        heads);
    return new ParaRnn(kind, width, n, this);
  }
}
