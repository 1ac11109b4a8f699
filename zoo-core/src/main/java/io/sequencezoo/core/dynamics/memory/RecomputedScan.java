package io.sequencezoo.core.dynamics.memory;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.op.Positions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A scan over chunks of tokens whose body is written in primitives of the tape, as one operation:
 * forwards each chunk runs on an inner tape and only the state at its start is kept, backwards it
 * runs again and is differentiated there. So a sequence costs one tape entry, and memory for the
 * states at chunk starts and for one chunk's own work.
 *
 * <p>Chunks lie on a grid of the tokens since the stream began, not of those of a call: a row that
 * goes on within a chunk starts at that slot. Slots without a token hold fillers, which the body
 * must take for nothing.
 *
 * @param <A> the array type
 */
final class RecomputedScan<A> {
  /**
   * Tokens of one kind.
   *
   * @param name for the body
   * @param value {@code [B, T, H, N]} or {@code [B, T, H]}
   * @param filler of slots without a token
   * @param past {@code [B, R, H, N]}, the tokens just before, where chunks also see the last R
   *     before their start; null for none
   */
  record Stream(String name, Variable value, double filler, Variable past) {}

  /** What a chunk does. */
  interface Body {
    /** Computes outputs {@code [B, H, C, V]} and the next state from a chunk. */
    Result run(Tape tape, Chunk chunk);
  }

  /**
   * What a chunk sees.
   *
   * @param tokens {@code [B, H, R + C, N]} by name, N = 1 for numbers
   * @param fixed the same for all chunks
   * @param state at its start
   * @param valid {@code [B, 1, C, 1]}: 1 in slots with a token, 0 in others
   * @param complete {@code [B, 1, 1, 1]}: 1 in rows whose period ends with this chunk's last slot
   * @param places of slot 0 in every row's period, or any number of periods later
   */
  record Chunk(
      Map<String, Variable> tokens,
      Map<String, Variable> fixed,
      Map<String, Variable> state,
      INDArray valid,
      INDArray complete,
      int[] places) {
    /**
     * One token of every row.
     *
     * @param counts tokens of each row before this one ({@link
     *     io.sequencezoo.core.dynamics.State#counts})
     */
    static Chunk ofToken(
        Tape tape,
        Map<String, Variable> tokens,
        Map<String, Variable> fixed,
        Map<String, Variable> state,
        int[] counts,
        int period) {
      DataType type = tokens.values().iterator().next().type();
      INDArray valid = tape.allocate(type, counts.length, 1, 1, 1);
      valid.assign(1);
      Variable ends =
          Positions.numbers(tape, type, counts, 1, 1, (at, i) -> (at + 1) % period == 0 ? 1 : 0);
      INDArray complete = Primitives.reshape(tape, ends, counts.length, 1, 1, 1).operand();
      return new Chunk(tokens, fixed, state, valid, complete, counts);
    }
  }

  /** Outputs and next state of a chunk. */
  record Result(Variable outputs, Map<String, Variable> state) {}

  /**
   * How rows lie on the grid of chunks.
   *
   * @param slots C, of a chunk
   * @param period tokens after which rows are told so, a multiple of slots
   * @param consumed tokens of each row before this call
   * @param lengths valid positions per row
   */
  record Grid(int slots, int period, int[] consumed, int[] lengths) {
    int phase(int row) {
      return consumed[row] % slots;
    }

    int chunks() {
      int longest = 0;
      for (int b = 0; b < lengths.length; b++) {
        longest = Math.max(longest, phase(b) + lengths[b]);
      }
      return (longest + slots - 1) / slots;
    }

    /** The token of a row in slot 0 of a chunk; negative where it came before this call. */
    int first(int row, int chunk) {
      return chunk * slots - phase(row);
    }

    /** Where in its period every row's slot 0 of a chunk stands. */
    int[] places(int chunk) {
      int[] places = new int[consumed.length];
      for (int b = 0; b < places.length; b++) {
        places[b] = Math.floorMod(consumed[b] + first(b, chunk), period);
      }
      return places;
    }

    boolean isComplete(int row, int chunk) {
      int last = first(row, chunk) + slots - 1;
      return last >= 0 && last < lengths[row] && (consumed[row] + last + 1) % period == 0;
    }
  }

  private final Precision<A> precision;
  private final Grid grid;
  private final Body body;
  private final List<TokenRows<A>> streams = new ArrayList<>();
  private final List<Variable> inputs = new ArrayList<>();
  private final List<String> fixedNames;
  private final List<String> stateNames;

  /** Where fixed inputs and state parts begin among the inputs. */
  private final int fixedAt;

  private final int stateAt;
  private final int batch;
  private final int steps;

  private RecomputedScan(
      Precision<A> precision,
      Grid grid,
      List<Stream> tokens,
      Map<String, Variable> fixed,
      Map<String, Variable> state,
      Body body) {
    this.precision = precision;
    this.grid = grid;
    this.body = body;
    for (Stream stream : tokens) {
      streams.add(new TokenRows<>(precision, grid, stream));
      inputs.add(stream.value());
      inputs.add(stream.past());
    }
    this.fixedAt = inputs.size();
    this.fixedNames = List.copyOf(fixed.keySet());
    inputs.addAll(fixed.values());
    this.stateAt = inputs.size();
    this.stateNames = List.copyOf(state.keySet());
    inputs.addAll(state.values());
    this.batch = tokens.get(0).value().size(0);
    this.steps = tokens.get(0).value().size(1);
  }

  /**
   * Runs the scan.
   *
   * @param width V, of the outputs
   * @return {@code y [B, T, H, V]}, zero at padded positions, the final state by name, and the last
   *     tokens of every stream that has a past under {@code past_NAME}
   */
  static Result run(
      Tape tape,
      Grid grid,
      List<Stream> tokens,
      Map<String, Variable> fixed,
      Map<String, Variable> state,
      int width,
      Body body) {
    Precision<?> precision = Precision.of(tokens.get(0).value().type());
    return run(tape, precision, grid, tokens, fixed, state, width, body);
  }

  private static <A> Result run(
      Tape tape,
      Precision<A> precision,
      Grid grid,
      List<Stream> tokens,
      Map<String, Variable> fixed,
      Map<String, Variable> state,
      int width,
      Body body) {
    return new RecomputedScan<>(precision, grid, tokens, fixed, state, body).run(tape, width);
  }

  private Result run(Tape tape, int width) {
    Variable[] all = inputs.toArray(new Variable[0]);
    boolean keep = tape.needsPullback(all);
    int heads = inputs.get(0).size(2);
    int chunks = grid.chunks();
    INDArray outputs = tape.zeros(precision.type(), batch, steps, heads, width);
    TokenRows<A> rows = TokenRows.ofOutputs(precision, grid, outputs);
    // The states at chunk starts, or two that take turns.
    List<List<INDArray>> starts = new ArrayList<>();
    for (int i = 0; i <= (keep ? chunks : Math.min(chunks, 1)); i++) {
      starts.add(stateArrays(tape));
    }
    for (int p = 0; p < stateNames.size(); p++) {
      precision.slab(inputs.get(stateAt + p).value()).copyTo(precision.slab(starts.get(0).get(p)));
    }
    for (int i = 0; i < chunks; i++) {
      List<INDArray> before = starts.get(keep ? i : i % 2);
      List<INDArray> after = starts.get(keep ? i + 1 : (i + 1) % 2);
      try (Tape inner = Tape.inference()) {
        Result result = body.run(inner, chunk(inner, i, before, false));
        rows.scatter(result.outputs().value(), i, false);
        copyState(result, after);
      }
    }
    List<INDArray> end = starts.get(keep ? chunks : chunks % 2);
    List<INDArray> values = new ArrayList<>();
    values.add(outputs);
    values.addAll(end);
    List<String> names = new ArrayList<>(stateNames);
    for (TokenRows<A> stream : streams) {
      if (stream.history() > 0) {
        INDArray last = tape.allocate(precision.type(), stream.pastShape());
        stream.lastTokens(last);
        values.add(last);
        names.add(MemoryState.PAST + stream.name());
      }
    }
    Variable[] recorded =
        tape.record(
            values.toArray(new INDArray[0]),
            cotangents -> pullback(cotangents, starts, chunks),
            all);
    Map<String, Variable> state = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      state.put(names.get(i), recorded[i + 1]);
    }
    return new Result(recorded[0], state);
  }

  private List<INDArray> stateArrays(Tape tape) {
    List<INDArray> arrays = new ArrayList<>();
    for (int p = 0; p < stateNames.size(); p++) {
      arrays.add(tape.allocate(precision.type(), inputs.get(stateAt + p).shape()));
    }
    return arrays;
  }

  private void copyState(Result result, List<INDArray> to) {
    for (int p = 0; p < stateNames.size(); p++) {
      precision
          .slab(result.state().get(stateNames.get(p)).value())
          .copyTo(precision.slab(to.get(p)));
    }
  }

  private Chunk chunk(Tape tape, int i, List<INDArray> state, boolean differentiable) {
    Map<String, Variable> tokens = new LinkedHashMap<>();
    for (TokenRows<A> stream : streams) {
      INDArray gathered = tape.allocate(precision.type(), stream.chunkShape());
      stream.gather(gathered, i);
      tokens.put(stream.name(), leaf(tape, gathered, differentiable));
    }
    Map<String, Variable> fixed = new LinkedHashMap<>();
    for (int p = 0; p < fixedNames.size(); p++) {
      fixed.put(fixedNames.get(p), leaf(tape, inputs.get(fixedAt + p).value(), differentiable));
    }
    Map<String, Variable> parts = new LinkedHashMap<>();
    for (int p = 0; p < stateNames.size(); p++) {
      parts.put(stateNames.get(p), leaf(tape, state.get(p), differentiable));
    }
    return new Chunk(tokens, fixed, parts, valid(tape, i), complete(tape, i), grid.places(i));
  }

  private static Variable leaf(Tape tape, INDArray value, boolean differentiable) {
    return differentiable ? tape.variable(value) : tape.constant(value);
  }

  private INDArray valid(Tape tape, int chunk) {
    INDArray valid = tape.allocate(precision.type(), batch, 1, grid.slots(), 1);
    try (Scratch<A> scratch = precision.scratch()) {
      A marks = scratch.zeros(batch * grid.slots());
      for (int b = 0; b < batch; b++) {
        for (int j = 0; j < grid.slots(); j++) {
          int t = grid.first(b, chunk) + j;
          if (t >= 0 && t < grid.lengths()[b]) {
            precision.kernels().set(marks, b * grid.slots() + j, 1);
          }
        }
      }
      precision.slab(valid).store(0, marks, 0, batch * grid.slots());
    }
    return valid;
  }

  private INDArray complete(Tape tape, int chunk) {
    INDArray complete = tape.allocate(precision.type(), batch, 1, 1, 1);
    try (Scratch<A> scratch = precision.scratch()) {
      A marks = scratch.zeros(batch);
      for (int b = 0; b < batch; b++) {
        if (grid.isComplete(b, chunk)) {
          precision.kernels().set(marks, b, 1);
        }
      }
      precision.slab(complete).store(0, marks, 0, batch);
    }
    return complete;
  }

  private void pullback(Cotangents cotangents, List<List<INDArray>> starts, int chunks) {
    Tape outer = cotangents.tape();
    INDArray[] gradients = new INDArray[inputs.size()];
    for (int i = 0; i < stateAt; i++) {
      if (cotangents.needs(i)) {
        gradients[i] = outer.zeros(precision.type(), inputs.get(i).shape());
      }
    }
    List<INDArray> carry = new ArrayList<>();
    for (int p = 0; p < stateNames.size(); p++) {
      carry.add(outer.copy(cotangents.outputOrZeros(p + 1)));
    }
    List<INDArray> spare = stateArrays(outer);
    TokenRows<A> rows = null;
    if (cotangents.output(0) != null) {
      rows = TokenRows.ofOutputs(precision, grid, cotangents.output(0));
    }
    for (int i = chunks - 1; i >= 0; i--) {
      differentiate(i, starts.get(i), rows, carry, spare, gradients);
      List<INDArray> last = carry;
      carry = spare;
      spare = last;
    }
    int next = stateNames.size() + 1;
    for (int s = 0; s < streams.size(); s++) {
      if (streams.get(s).history() > 0) {
        INDArray g = cotangents.output(next++);
        if (g != null) {
          streams.get(s).addLast(g, gradients[2 * s], gradients[2 * s + 1]);
        }
      }
    }
    for (int i = 0; i < stateAt; i++) {
      if (gradients[i] != null) {
        cotangents.add(i, gradients[i]);
      }
    }
    for (int p = 0; p < stateNames.size(); p++) {
      cotangents.add(stateAt + p, carry.get(p));
    }
  }

  /** One chunk again, and its gradients. */
  private void differentiate(
      int i,
      List<INDArray> start,
      TokenRows<A> rows,
      List<INDArray> carry,
      List<INDArray> next,
      INDArray[] gradients) {
    try (Tape inner = Tape.training()) {
      Chunk chunk = chunk(inner, i, start, true);
      Result result = body.run(inner, chunk);
      List<Variable> roots = new ArrayList<>();
      List<INDArray> seeds = new ArrayList<>();
      if (rows != null) {
        INDArray seed = inner.allocate(precision.type(), result.outputs().shape());
        rows.gather(seed, i);
        roots.add(result.outputs());
        seeds.add(seed);
      }
      for (int p = 0; p < stateNames.size(); p++) {
        roots.add(result.state().get(stateNames.get(p)));
        seeds.add(carry.get(p));
      }
      inner.backward(roots, seeds);
      for (int s = 0; s < streams.size(); s++) {
        INDArray gradient = chunk.tokens().get(streams.get(s).name()).gradient();
        if (gradient != null) {
          streams.get(s).add(gradient, i, gradients[2 * s], gradients[2 * s + 1]);
        }
      }
      for (int p = 0; p < fixedNames.size(); p++) {
        INDArray gradient = chunk.fixed().get(fixedNames.get(p)).gradient();
        if (gradient != null && gradients[fixedAt + p] != null) {
          gradients[fixedAt + p].addi(gradient);
        }
      }
      for (int p = 0; p < stateNames.size(); p++) {
        INDArray gradient = chunk.state().get(stateNames.get(p)).gradient();
        if (gradient == null) {
          next.get(p).assign(0);
        } else {
          precision.slab(gradient).copyTo(precision.slab(next.get(p)));
        }
      }
    }
  }
}
