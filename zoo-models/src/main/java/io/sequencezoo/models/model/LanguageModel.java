package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.PackedSequences;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Dropout;
import io.sequencezoo.core.op.Embedding;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.shape.Shapes;
import io.sequencezoo.models.residual.NormPlacement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A language model: embeddings, layers of sequence and channel mixers in residual branches, logits
 * of the next token.
 *
 * <pre>{@code
 * x   = E[ids] (+ P[position])
 * x   = x + mixer_l(norm(x));  x = x + channel_l(norm(x))     for every layer l; pre-norm
 * out = norm(x) W + b                                         W = Eᵀ where tied; no b
 * }</pre>
 *
 * <ul>
 *   <li>{@code ids}: {@code [B, T]} integers; logits: {@code [B, T, V]}
 *   <li>{@code embedding.weight}: {@code [V, D]}; {@code positions.weight}: {@code [P, D]} or none;
 *       {@code head.weight}: {@code [D, V]} where not tied
 * </ul>
 */
@Paper(
    key = "radford2019gpt2",
    title = "Language Models are Unsupervised Multitask Learners",
    authors = "Radford et al. 2019")
@Source(
    repo = "Lightning-AI/litgpt",
    path = "litgpt/model.py",
    commit = "26857050fe3ff627cd714fe92f5838f51a3d5efa")
public final class LanguageModel implements Block {
  private static final String EMBEDDING = "embedding";
  private static final String POSITIONS = "positions";
  private static final String LAYERS = "layers";
  private static final String NORM = "norm";
  private static final String HEAD = "head";
  private static final String WEIGHT = "weight";

  private final LanguageModelConfig config;
  private final List<Layer> layers = new ArrayList<>();
  private final FeedForward norm;

  /**
   * The model of a configuration.
   *
   * @throws IllegalArgumentException where a block doesn't fit, or the vocabulary is absent
   */
  public LanguageModel(LanguageModelConfig config) {
    checkArgument(
        config.vocabulary() != null,
        "language_model: vocabulary must be known, got none; set it or use withVocabulary");
    this.config = config;
    for (int i = 0; i < config.layers().count(); i++) {
      layers.add(new Layer(config, i));
    }
    // After post-norm layers the stream is normalised already.
    this.norm =
        config.normPlacement() == NormPlacement.POST
            ? null
            : config.norm().build(MixerConfig.Place.alone(config.width()));
  }

  /** What this model was made of. */
  public LanguageModelConfig config() {
    return config;
  }

  /** The number of tokens, V. */
  public int vocabulary() {
    return config.vocabulary();
  }

  /** The sequence mixer of layer i. */
  public SequenceMixer mixer(int i) {
    return layers.get(i).mixer();
  }

  /** The context of the mixer of layer i, to look at it alone. */
  public Context mixerContext(Context context, int i) {
    return layers.get(i).mixerContext(layerContext(context, i));
  }

  @Override
  public void declare(Declaration declaration) {
    Initialiser normal = Initialisers.normal(config.initStd());
    int width = config.width();
    declaration.child(EMBEDDING).weight(WEIGHT, normal, vocabulary(), width);
    if (config.maxPositions() > 0) {
      declaration.child(POSITIONS).weight(WEIGHT, normal, config.maxPositions(), width);
    }
    for (int i = 0; i < layers.size(); i++) {
      layers.get(i).declare(declaration.child(LAYERS).child(Integer.toString(i)));
    }
    if (norm != null) {
      norm.declare(declaration.child(NORM));
    }
    if (!config.tiedEmbeddings()) {
      declaration.child(HEAD).weight(WEIGHT, normal, width, vocabulary());
    }
  }

  /**
   * The logits {@code [B, T, V]} of the token after each of {@code ids [B, T]}. Packed sequences
   * ({@link Context#withSequences}) come as {@code [1, N]}.
   */
  public Variable forward(Context context, INDArray ids) {
    return evolve(context, ids, null).logits();
  }

  /**
   * The logits of the token after each of {@code ids [B, T]}, and the state left behind.
   *
   * @param initial the state to continue from; null at the start of a sequence
   */
  public Output evolve(Context context, INDArray ids, ModelState initial) {
    Hidden hidden = hidden(context, ids, initial, false);
    return new Output(logits(context, hidden.stream), hidden.state);
  }

  /**
   * As {@link #evolve}, but the logits {@code [B, V]} after the last valid token of each row alone.
   */
  public Output prefill(Context context, INDArray ids, ModelState initial) {
    Hidden hidden = hidden(context, ids, initial, false);
    PackedSequences sequences = context.sequences();
    int steps = (int) ids.size(1);
    int[] lengths = lengths(context, ids);
    int[] last = new int[lengths.length];
    for (int b = 0; b < last.length; b++) {
      checkArgument(lengths[b] > 0, "language_model: row %s must have at least one token", b);
      int start = sequences == null ? b * steps : sequences.start(b);
      last[b] = start + lengths[b] - 1;
    }
    Variable rows = Primitives.reshape(context.tape(), hidden.stream, ids.length(), config.width());
    Variable stream = Embedding.lookup(context.tape(), rows, Nd4j.createFromArray(last));
    return new Output(logits(context, stream), hidden.state);
  }

  /**
   * The logits {@code [B, V]} after one more token per row, in time and memory that don't depend on
   * the tokens before where the mixers' states are constant.
   */
  public Output step(Context context, int[] tokens, ModelState state) {
    INDArray ids = Nd4j.createFromArray(tokens).reshape(tokens.length, 1);
    Hidden hidden = hidden(context, ids, state, true);
    Variable stream =
        Primitives.reshape(context.tape(), hidden.stream, tokens.length, config.width());
    return new Output(logits(context, stream), hidden.state);
  }

  /** The state before the first token of each row. */
  public ModelState initialState(Context context, int batch, DataType type) {
    List<State> states = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      states.add(mixer(i).initialState(mixerContext(context, i), batch, type));
    }
    return new ModelState(states, new int[batch]);
  }

  /**
   * The linear system that a head of layer i's recurrence is along one row {@code ids [1, T]}, from
   * the start of a sequence.
   */
  public LinearSystem linearize(Context context, INDArray ids, int i, int head) {
    Shapes.check("language_model ids", ids, "BT", 1, -1);
    checkArgument(
        i >= 0 && i < layers.size(),
        "language_model: layer must be in [0, %s), got %s",
        layers.size(),
        i);
    int[] lengths = lengths(context, ids);
    Variable x = embed(context, ids, new int[lengths.length], lengths);
    for (int below = 0; below < i; below++) {
      x = layers.get(below).forward(layerContext(context, below), x, null, false).outputs();
    }
    return layers.get(i).linearize(layerContext(context, i), x, head);
  }

  private Hidden hidden(Context context, INDArray ids, ModelState initial, boolean step) {
    Shapes.check("language_model ids", ids, "BT", -1, -1);
    Shapes.checkNotEmpty("language_model ids", ids, "BT");
    int[] lengths = lengths(context, ids);
    int batch = lengths.length;
    checkArgument(
        initial == null || initial.consumed().length == batch,
        "language_model: state must have B=%s rows, got %s",
        batch,
        initial == null ? 0 : initial.consumed().length);
    int[] consumed = initial == null ? new int[batch] : initial.consumed();
    Variable x = embed(context, ids, consumed, lengths);
    List<State> states = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      State before = initial == null ? null : initial.layers().get(i);
      Evolution evolution = layers.get(i).forward(layerContext(context, i), x, before, step);
      x = evolution.outputs();
      states.add(evolution.state());
    }
    if (norm != null) {
      x = norm.forward(context.child(NORM), x);
    }
    for (int b = 0; b < batch; b++) {
      consumed[b] += lengths[b];
    }
    return new Hidden(x, new ModelState(states, consumed));
  }

  private Variable embed(Context context, INDArray ids, int[] consumed, int[] lengths) {
    Tape tape = context.tape();
    Variable x = Embedding.lookup(tape, context.child(EMBEDDING).parameter(WEIGHT), ids);
    if (config.maxPositions() > 0) {
      INDArray positions = positions(context, ids, consumed, lengths);
      Variable table = context.child(POSITIONS).parameter(WEIGHT);
      x = Primitives.add(tape, x, Embedding.lookup(tape, table, positions));
    }
    return context.isTraining()
        ? Dropout.apply(tape, x, config.dropout(), context.seed("embedding dropout"))
        : x;
  }

  private INDArray positions(Context context, INDArray ids, int[] consumed, int[] lengths) {
    PackedSequences sequences = context.sequences();
    int steps = (int) ids.size(1);
    int[] positions = new int[(int) ids.length()];
    for (int b = 0; b < consumed.length; b++) {
      int end = consumed[b] + lengths[b];
      checkArgument(
          end <= config.maxPositions(),
          "language_model: row %s must fit maxPositions=%s, got %s tokens; raise maxPositions",
          b,
          config.maxPositions(),
          end);
      // Padded positions keep 0, which is always valid.
      int start = sequences == null ? b * steps : sequences.start(b);
      for (int t = 0; t < lengths[b]; t++) {
        positions[start + t] = consumed[b] + t;
      }
    }
    return Nd4j.createFromArray(positions).reshape('c', ids.shape());
  }

  private Variable logits(Context context, Variable stream) {
    return config.tiedEmbeddings()
        ? Dense.linearTransposed(
            context.tape(), stream, context.child(EMBEDDING).parameter(WEIGHT), null)
        : Dense.linear(context.tape(), stream, context.child(HEAD).parameter(WEIGHT), null);
  }

  /** Tokens of every row, or of every packed sequence. */
  private static int[] lengths(Context context, INDArray ids) {
    int batch = (int) ids.size(0);
    int steps = (int) ids.size(1);
    if (context.sequences() != null) {
      checkArgument(
          batch == 1 && steps == context.sequences().total(),
          "language_model: packed ids must be [1, %s], got [%s, %s]",
          context.sequences().total(),
          batch,
          steps);
      return context.sequences().lengths();
    }
    int[] lengths = context.lengths();
    if (lengths == null) {
      lengths = new int[batch];
      Arrays.fill(lengths, steps);
    }
    checkArgument(
        lengths.length == batch,
        "language_model: lengths must have one entry per row, got %s for B=%s",
        lengths.length,
        batch);
    return lengths;
  }

  private static Context layerContext(Context context, int i) {
    return context.child(LAYERS).child(Integer.toString(i));
  }

  /**
   * Logits and the state after the tokens seen.
   *
   * @param logits {@code [B, T, V]} or {@code [B, V]}
   * @param state to continue from
   */
  public record Output(Variable logits, ModelState state) {}

  private record Hidden(Variable stream, ModelState state) {}
}
