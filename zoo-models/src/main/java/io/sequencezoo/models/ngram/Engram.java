package io.sequencezoo.models.ngram;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.block.PackedSequences;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Dense;
import io.sequencezoo.core.op.Embedding;
import io.sequencezoo.core.op.Indices;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.model.Stage;
import io.sequencezoo.models.norm.RmsNormConfig;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Engram: a memory of what n-grams mean. The last tokens are hashed to rows of a table of
 * embeddings, and what these say is added to the stream as far as it fits: knowledge that is looked
 * up and not computed.
 *
 * <pre>{@code
 * e_t = [E[r_nk(t)]] over orders n and heads k            rows by NgramHash
 * s_t = norm(e_t W_k + b_k) · norm(x_t) / √D
 * g_t = σ(sign(s_t) √max(|s_t|, 10⁻⁶))                    gate
 * y_t = x_t + g_t (e_t W_v + b_v)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}, {@code y}: {@code [B, T, D]}; the tokens are those of the model's input ({@link
 *       Context#tokensOf}); before the first, there is a token of its own
 *   <li>{@code table.weight}: {@code [R, E/H]}, R the sum of all heads' primes; {@code key}, {@code
 *       value}: {@code [n E, D]}, n the number of orders, with biases; {@code key_norm}, {@code
 *       query_norm}
 *   <li>state {@code token}: {@code [B, N - 1]} INT, the last tokens, N the longest order
 * </ul>
 *
 * <p>Cost per token: 2 n E D and n H rows read, whatever the table's size. Differs from the paper:
 * one stream, no compression of the vocabulary, and no short convolution behind the gate, as in
 * DeepSeek-V4.1.
 */
@Paper(
    key = "deepseek2026engram",
    arxiv = "2601.07372",
    title =
        "Conditional Memory via Scalable Lookup: A New Axis of Sparsity for Large Language Models",
    authors = "DeepSeek-AI 2026")
@Source(
    repo = "deepseek-ai/Engram",
    path = "engram_demo_v1.py",
    commit = "11a020e54de33c1e83034fd82f7f6eb484019dca")
public final class Engram implements Stage {
  private static final String TOKEN = "token";
  private static final String TABLE = "table";
  private static final String KEY = "key";
  private static final String VALUE = "value";
  private static final String KEY_NORM = "key_norm";
  private static final String QUERY_NORM = "query_norm";
  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";

  /** What stands before the first token. */
  private static final int NO_TOKEN = -1;

  /** Keeps the slope of the root finite. */
  private static final double SMALLEST = 1e-6;

  private final NgramHash hash;
  private final int width;
  private final int perHead;
  private final int features;
  private final FeedForward keyNorm;
  private final FeedForward queryNorm;

  /** The stage of a configuration; the layer's number sets its hash functions apart. */
  Engram(EngramConfig config, MixerConfig.Place place) {
    this.hash = new NgramHash(config, place.layer());
    this.width = place.width();
    this.perHead = config.features() / config.heads();
    this.features = config.orders().size() * config.features();
    this.keyNorm = RmsNormConfig.standard().build(place);
    this.queryNorm = RmsNormConfig.standard().build(place);
  }

  @Override
  public void declare(Declaration declaration) {
    declaration.child(TABLE).weight(WEIGHT, Initialisers.normal(0.02), hash.rows(), perHead);
    for (String name : new String[] {KEY, VALUE}) {
      Declaration own = declaration.child(name);
      own.weight(WEIGHT, Initialisers.xavierUniform(1), features, width);
      own.undecayed(BIAS, Initialisers.zeros(), width);
    }
    keyNorm.declare(declaration.child(KEY_NORM));
    queryNorm.declare(declaration.child(QUERY_NORM));
  }

  @Override
  public Evolution forward(Context context, Variable x, @Nullable State initial) {
    Recent recent = recent(context, x, initial);
    Tape tape = context.tape();
    INDArray rows = recent.rows(hash).reshape('c', x.size(0), x.size(1), hash.perPosition());
    Variable e =
        Primitives.reshape(
            tape,
            Embedding.lookup(tape, context.child(TABLE).parameter(WEIGHT), rows),
            x.size(0),
            x.size(1),
            features);
    Variable gated =
        Primitives.multiply(
            tape, context.pass("gate", gate(context, e, x)), linear(context.child(VALUE), e));
    return new Evolution(Primitives.add(tape, x, gated), recent.state(hash.longest() - 1));
  }

  /** Nothing is summed over time, so that a token is a sequence of one. */
  @Override
  public Evolution step(Context context, Variable x, @Nullable State initial) {
    return forward(context, x, initial);
  }

  private Variable gate(Context context, Variable e, Variable x) {
    Tape tape = context.tape();
    Variable key = keyNorm.apply(context.child(KEY_NORM), linear(context.child(KEY), e));
    Variable query = queryNorm.apply(context.child(QUERY_NORM), x);
    Variable match =
        Primitives.affine(
            tape,
            1 / Math.sqrt(width),
            Primitives.sum(tape, Primitives.multiply(tape, key, query), -1, true),
            0);
    Variable size = Primitives.clamp(tape, Primitives.abs(tape, match), SMALLEST, Double.MAX_VALUE);
    Variable root = Primitives.power(tape, size, 0.5);
    INDArray negative = match.value().lt(0);
    Variable signed = Primitives.where(tape, negative, Primitives.affine(tape, -1, root, 0), root);
    return Primitives.map(tape, Unary.SIGMOID, signed);
  }

  private static Variable linear(Context context, Variable x) {
    return Dense.linear(context.tape(), x, context.parameter(WEIGHT), context.parameter(BIAS));
  }

  /** The tokens of every row with those just before them. */
  private Recent recent(Context context, Variable x, @Nullable State initial) {
    int[] tokens = Indices.read("tokens", context.tokensOf(EngramConfig.NAME, x));
    PackedSequences packed = context.sequences();
    int[] lengths = packed == null ? context.lengths() : packed.lengths();
    int count = packed == null ? x.size(0) : packed.count();
    int before = hash.longest() - 1;
    int[] held = new int[count * before];
    Arrays.fill(held, NO_TOKEN);
    if (initial != null && before > 0) {
      held = Indices.read("state token", initial.get(TOKEN).value());
    }
    int[][] rows = new int[count][];
    int[] starts = new int[count];
    int[] consumed = initial == null ? new int[count] : initial.consumed();
    for (int b = 0; b < count; b++) {
      int length = lengths == null ? x.size(1) : lengths[b];
      starts[b] = packed == null ? b * x.size(1) : packed.start(b);
      rows[b] = new int[before + length];
      System.arraycopy(held, b * before, rows[b], 0, before);
      System.arraycopy(tokens, starts[b], rows[b], before, length);
      consumed[b] += length;
    }
    return new Recent(context.tape(), rows, starts, before, tokens.length, consumed);
  }

  /**
   * Tokens, those before the stretch first.
   *
   * @param starts the first position of each row
   * @param before how many came before the stretch
   * @param positions of all rows, padding included
   * @param consumed after the stretch
   */
  private record Recent(
      Tape tape, int[][] rows, int[] starts, int before, int positions, int[] consumed) {

    /** The rows of the table for every position; padding reads the first. */
    INDArray rows(NgramHash hash) {
      int[] all = new int[positions * hash.perPosition()];
      for (int b = 0; b < rows.length; b++) {
        for (int t = before; t < rows[b].length; t++) {
          hash.write(rows[b], t, all, (starts[b] + t - before) * hash.perPosition());
        }
      }
      return Nd4j.createFromArray(all);
    }

    State state(int kept) {
      if (kept == 0) {
        return new State(Map.of(), consumed);
      }
      int[] last = new int[rows.length * kept];
      for (int b = 0; b < rows.length; b++) {
        System.arraycopy(rows[b], rows[b].length - kept, last, b * kept, kept);
      }
      INDArray tokens = Nd4j.createFromArray(last).reshape('c', rows.length, kept);
      return new State(Map.of(TOKEN, tape.constant(tokens)), consumed);
    }
  }

  @Override
  public State initialState(Context context, int batch, DataType type) {
    int kept = hash.longest() - 1;
    if (kept == 0) {
      return new State(Map.of(), new int[batch]);
    }
    INDArray none = Nd4j.valueArrayOf(new long[] {batch, kept}, NO_TOKEN, DataType.INT32);
    return new State(Map.of(TOKEN, context.tape().constant(none)), new int[batch]);
  }

  @Override
  public Map<String, SequenceMixer> mixers() {
    return Map.of();
  }

  /** Rows of the table are read, not multiplied. */
  @Override
  public long multiplyAddsPerToken(int position) {
    return 2L * features * width;
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return (hash.longest() - 1L) * DataType.INT32.width();
  }
}
