package io.sequencezoo.models.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.nonlinear.NonlinearRecurrence;
import io.sequencezoo.core.dynamics.nonlinear.ParaGruCell;
import io.sequencezoo.core.dynamics.nonlinear.ParaLstmCell;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.GatesByHead;
import io.sequencezoo.core.op.Norms;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * ParaGRU and ParaLSTM: nonlinear systems whose channels see only themselves in the past, driven by
 * block-diagonal maps of the input, that forget what their gates let go. Their Jacobians are
 * diagonal or 2 x 2 blocks of diagonals, so that Newton's method solves whole sequences.
 *
 * <pre>{@code
 * u, g = x W_in                                  u = silu(conv(u))           (block layout)
 * x_t = u_t B + b                                B block-diagonal, one block per head
 * h_t = cell(h_{t-1}, x_t; a)                    ParaGruCell or ParaLstmCell
 * y_t = s ⊙ (rms(h_t) ⊙ silu(g_t)) W_out         (block layout)
 * y_t = h_t, or h_t W_out where N ≠ D            (bare layout)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output
 *   <li>{@code h}, and {@code c} of the LSTM: {@code [B, N]} state, constant in T
 *   <li>{@code conv_u}: {@code [B, W-1, N]} last inputs of the convolution, where there is one
 *   <li>{@code input [H, I/H, 3, N/H]}, {@code bias [3, N]}: gates z, r, c or f, o, z; {@code a [3,
 *       N]}, {@code peephole [2, N]}: the diagonals
 *   <li>{@code in [D, 2 N]}, {@code norm [N]}, {@code out [N, D]}, {@code scale [D]}
 * </ul>
 *
 * <p>Cost per token: O(DN + N²/H) time, O(N) memory. Differs from the paper: the scale of the
 * residual branch is the mixer's own last step (the residual itself belongs to the layer), and the
 * norm's clip of 0.5 clamps each weight, which for a diagonal matrix is its spectral norm.
 * Numerical care: none.
 */
@Paper(
    key = "danieli2025pararnn",
    title = "ParaRNN: Unlocking Parallel Training of Nonlinear RNNs for Large Language Models",
    authors = "Danieli, Rodriguez, Sarabia, Suau and Zappella 2025",
    arxiv = "2510.21450")
@Source(
    repo = "xaviergonzalez/ml-pararnn",
    path = "pararnn/rnn_cell/gru_diag_mh.py",
    commit = "dc2647b")
public final class ParaRnn extends AbstractParametrisation {
  /** Which cell. */
  enum Kind {
    GRU(ParaGruConfig.NAME),
    LSTM(ParaLstmConfig.NAME);

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  /** As everywhere in the zoo; the reference leaves it to the framework. */
  private static final double NORM_EPS = 1e-5;

  private static final int GATES = 3;
  private static final String BRANCH = "u";
  private static final String GATE = "gate";
  private static final String OUT = "out";

  private final Kind kind;
  private final int hidden;
  private final ParaRnnConfig config;
  private final ShortConvolutions convolution;

  /** A layer of width D. */
  ParaRnn(Kind kind, int width, int hidden, ParaRnnConfig config) {
    super(
        kind.label(),
        width,
        new NonlinearRecurrence(kind == Kind.GRU ? new ParaGruCell() : new ParaLstmCell()));
    this.kind = kind;
    this.hidden = hidden;
    this.config = config;
    this.convolution =
        new ShortConvolutions(config.shortConvolution(), ImmutableMap.of(BRANCH, hidden));
  }

  /** Refuses sizes that the heads don't divide. */
  static ParaRnn of(Kind kind, int width, ParaRnnConfig config) {
    int n = config.hidden() == 0 ? width : config.hidden();
    int heads = config.heads();
    int input = config.layout() == ParaRnnConfig.Layout.BLOCK ? n : width;
    checkArgument(
        n % heads == 0 && input % heads == 0,
        "%s: %s %s must be divisible by heads %s; use heads 1 or another hidden",
        kind.label(),
        n % heads != 0 ? "hidden" : "width",
        n % heads != 0 ? n : input,
        heads);
    return new ParaRnn(kind, width, n, config);
  }

  /** Checks each field alone, and with the layout. */
  static void check(
      String name,
      int hidden,
      int heads,
      ParaRnnConfig.Layout layout,
      int shortConvolution,
      double normClip,
      boolean residualScale) {
    RecurrentLayer.checkHidden(name, hidden);
    boolean block = layout == ParaRnnConfig.Layout.BLOCK;
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
  }

  private boolean isBlock() {
    return config.layout() == ParaRnnConfig.Layout.BLOCK;
  }

  private int inputWidth() {
    return isBlock() ? hidden : width;
  }

  @Override
  public void declare(Declaration declaration) {
    if (isBlock()) {
      declaration.weight("in", fanIn(), width, 2L * hidden);
      convolution.declareUniform(declaration);
    }
    int heads = config.heads();
    declaration.weight(
        "input",
        config.initialisation().input(kind),
        heads,
        inputWidth() / heads,
        GATES,
        hidden / heads);
    declaration.undecayed("bias", config.initialisation().bias(), GATES, hidden);
    declaration.undecayed(
        ParaGruCell.DIAGONAL, config.initialisation().diagonal(config.normClip()), GATES, hidden);
    if (kind == Kind.LSTM) {
      declaration.undecayed(
          ParaLstmCell.PEEPHOLE, config.initialisation().diagonal(config.normClip()), 2, hidden);
    }
    if (isBlock()) {
      declaration.undecayed("norm", Initialisers.ones(), hidden);
      declaration.weight(OUT, fanIn(), hidden, width);
      if (config.residualScale()) {
        declaration.undecayed("scale", Initialisers.ones(), width);
      }
    } else if (hidden != width) {
      declaration.weight(OUT, fanIn(), hidden, width);
    }
  }

  /** N(0, 1/in): the variance of the input is that of the output. */
  private static Initialiser fanIn() {
    return (shape, random) ->
        Initialisers.normal(1 / Math.sqrt((double) shape[0])).values(shape, random);
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return isBlock() ? convolution.initialState(context, batch, type) : Map.of();
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    Map<String, Variable> caches = new LinkedHashMap<>();
    Map<String, Variable> extras = new LinkedHashMap<>();
    Variable u = x;
    if (isBlock()) {
      Variable both = Dense.linear(tape, x, context.parameter("in"), null);
      Variable[] parts = Primitives.split(tape, both, 2, hidden, hidden);
      u = convolution.apply(context, BRANCH, parts[0], state, caches);
      extras.put(GATE, parts[1]);
    }
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(
        NonlinearRecurrence.INPUT,
        GatesByHead.linear(tape, u, context.parameter("input"), context.parameter("bias")));
    coefficients.put(ParaGruCell.DIAGONAL, clipped(context, ParaGruCell.DIAGONAL));
    if (kind == Kind.LSTM) {
      coefficients.put(ParaLstmCell.PEEPHOLE, clipped(context, ParaLstmCell.PEEPHOLE));
    }
    return new Drive(coefficients, extras, caches);
  }

  private Variable clipped(Context context, String name) {
    double clip = config.normClip();
    Variable weight = context.parameter(name);
    if (clip == 0) {
      return weight;
    }
    Tape tape = context.tape();
    return tape.fixed(
            "clipped", () -> new Variable[] {Primitives.clamp(tape, weight, -clip, clip)}, weight)[
        0];
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    if (!isBlock()) {
      return hidden == width ? outputs : Dense.linear(tape, outputs, context.parameter(OUT), null);
    }
    Variable gated =
        Norms.gatedRmsNorm(
            tape, outputs, drive.extra(GATE), context.parameter("norm"), NORM_EPS, hidden, true);
    Variable y = Dense.linear(tape, gated, context.parameter(OUT), null);
    return config.residualScale() ? Primitives.multiply(tape, y, context.parameter("scale")) : y;
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    long planes = kind == Kind.GRU ? 1 : 2;
    return planes * hidden * type.width() + (isBlock() ? convolution.stateBytes(type) : 0);
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    long n = hidden;
    long drive = GATES * n * inputWidth() / config.heads();
    // Diagonals of three gates and, in the LSTM, two peepholes; h r and z (c - h), or f (c - z) and
    // o tanh(c').
    long cell = kind == Kind.GRU ? 5 * n : 7 * n;
    if (!isBlock()) {
      return drive + cell + (hidden == width ? 0 : n * width);
    }
    long projections = 3 * n * width + (config.residualScale() ? width : 0);
    return projections + convolution.multiplyAddsPerToken() + drive + cell;
  }
}
