package io.sequencezoo.models.ngram;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.AbstractParametrisation;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.lookup.LookupRecurrence;
import io.sequencezoo.core.op.Dense;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * n-gram heads: attention that nobody learns. A token reads the mean of the inputs that followed
 * the same last n tokens before, for one or several n.
 *
 * <pre>{@code
 * A_n(t) = {u : 1 ≤ u < t, i_(t-j) = i_(u-1-j) for j = 0 ... n-1}       tokens i
 * h_t    = Σ_n Σ_{u ∈ A_n(t)} x_u / |A_n(t)|                          0 where A_n(t) is empty
 * y_t    = h_t W_m + b_m + x_t W_c + b_c
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, D]} input; {@code y}: {@code [B, T, D]} output; the tokens are
 *       those of the model's input ({@link Context#tokensOf})
 *   <li>{@code matched.weight}, {@code current.weight}: {@code [D, D]}; {@code matched.bias},
 *       {@code current.bias}: {@code [D]}
 *   <li>state {@code S}: {@code [B, n, H, D]}, sums of inputs along what followed equal n-grams,
 *       one per token and order; {@code token}: {@code [B, n]} INT, the tokens
 * </ul>
 *
 * <p>Cost per token of a sequence: 2 D² + 2 H D, and one look-up in a hash table of n-grams per
 * order; exact, since n-grams are compared whole. A step compares with the tokens seen, four bytes
 * each. Differs from the source: several orders share the two maps.
 */
@Paper(
    key = "akyurek2024icll",
    arxiv = "2401.12973",
    title = "In-Context Language Learning: Architectures and Algorithms",
    authors = "Akyürek, Wang, Kim and Andreas 2024")
@Source(
    repo = "berlino/seq_icl",
    path = "src/models/sequence/rnn/ngram.py",
    commit = "9b9223d15348b5a415fb453ed988ed5f7ab9fbdc")
public final class NgramHead extends AbstractParametrisation {
  private static final String MATCHED = "matched";
  private static final String CURRENT = "current";
  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";
  private static final String INPUT = "x";

  private final int[] orders;

  /** The heads of these orders. */
  public NgramHead(List<Integer> orders, int width) {
    super(NgramHeadConfig.NAME, width, new LookupRecurrence());
    this.orders = orders.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public void declare(Declaration declaration) {
    for (String name : new String[] {MATCHED, CURRENT}) {
      Declaration own = declaration.child(name);
      own.weight(WEIGHT, Initialisers.xavierUniform(1), width, width);
      own.undecayed(BIAS, Initialisers.zeros(), width);
    }
  }

  @Override
  public Map<String, Variable> initialState(Context context, int batch, DataType type) {
    return Map.of(Tokens.PART, Tokens.none(context.tape(), batch));
  }

  @Override
  public Drive drive(Context context, Variable x, State state) {
    Tape tape = context.tape();
    boolean token = x.size(1) == 1 && context.lengths() == null;
    Tokens tokens =
        token
            ? Tokens.ofStep(context.tokenOperand(name(), x), state)
            : Tokens.of(context.tokensOf(name(), x), state, context.lengths());
    return new Drive(
        NgramLinks.of(tokens, orders).coefficients(tape, x),
        Map.of(INPUT, x),
        Map.of(Tokens.PART, tokens.all(tape)));
  }

  @Override
  public Variable readOut(Context context, Variable outputs, Drive drive) {
    Tape tape = context.tape();
    Variable matched = linear(context.child(MATCHED), sum(tape, outputs));
    return Primitives.add(tape, matched, linear(context.child(CURRENT), drive.extra(INPUT)));
  }

  /**
   * What heads of these orders read, summed, from the start of sequences: {@code [B, T, D]}.
   *
   * @param ids tokens {@code [B, T]}
   * @param x {@code [B, T, D]}
   */
  public static Variable matched(Tape tape, INDArray ids, Variable x, int... orders) {
    int batch = x.size(0);
    State start = new State(Map.of(Tokens.PART, Tokens.none(tape, batch)), new int[batch]);
    Map<String, Variable> links =
        NgramLinks.of(Tokens.of(ids, start, null), orders).coefficients(tape, x);
    return sum(tape, new LookupRecurrence().evolve(tape, Solver.AUTO, links, null, null).outputs());
  }

  /** The sum over the heads of {@code [B, T, H, D]}. */
  private static Variable sum(Tape tape, Variable outputs) {
    return outputs.size(2) == 1
        ? Primitives.reshape(tape, outputs, outputs.size(0), outputs.size(1), outputs.size(3))
        : Primitives.sum(tape, outputs, 2, false);
  }

  private static Variable linear(Context context, Variable x) {
    return Dense.linear(context.tape(), x, context.parameter(WEIGHT), context.parameter(BIAS));
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    long sums = (long) orders.length * width * type.width();
    return consumed * (sums + DataType.INT32.width());
  }

  @Override
  public long multiplyAddsPerToken(int position) {
    return 2L * width * width + 2L * orders.length * width;
  }
}
