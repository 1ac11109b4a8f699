package io.sequencezoo.models.nonlinear;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Map;

/** Describes a {@link ParaRnn}; the members differ in the cell alone. */
public sealed interface ParaRnnConfig extends MixerConfig permits ParaGruConfig, ParaLstmConfig {
  /** N, the number of channels, or 0 for the width. */
  int hidden();

  /** H, blocks of the input matrices. */
  int heads();

  /** Whole block or bare cell. */
  Layout layout();

  /** W of the block's causal convolution, or 0 for none. */
  int shortConvolution();

  /** Of diagonals, input matrices and biases. */
  Initialisation initialisation();

  /** The largest size of a recurrent weight; 0 for no bound. */
  double normClip();

  /** Whether the block's output has a learnable scale. */
  boolean residualScale();

  /** The block of the paper's language models: its initialisation, weights clipped to 0.5. */
  static <C extends ParaRnnConfig> C paper(C standard) {
    return Configs.with(standard, Map.of("heads", 4, "initialisation", Initialisation.PAPER));
  }

  /**
   * The bare cell of the paper's synthetic tasks: 4 heads, nothing around it.
   *
   * @param normClip 0.9 in the paper, 0 for parity
   */
  static <C extends ParaRnnConfig> C bare(C standard, double normClip) {
    return Configs.with(paper(standard), Map.of("layout", Layout.BARE, "normClip", normClip));
  }

  /** What stands around the cell. */
  enum Layout {
    /** Linear, convolution, cell, gated norm, linear (the paper's figure 9). */
    @JsonProperty("block")
    BLOCK,
    /** The cell alone, as in the rows "mixer only" of the paper's synthetic tasks. */
    @JsonProperty("bare")
    BARE;

    /** W that belongs to it. */
    int span() {
      return this == BLOCK ? 4 : 0;
    }
  }

  /** Where weights start. */
  enum Initialisation {
    /** The reference code's default: {@code xlstm} and {@code bias_minus_linspace}. */
    @JsonProperty("code")
    CODE,
    /** The paper's appendix C.1. */
    @JsonProperty("paper")
    PAPER;

    /** The bound of recurrent weights that belongs to it. */
    double clip() {
      return this == PAPER ? 0.5 : 0;
    }

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
}
