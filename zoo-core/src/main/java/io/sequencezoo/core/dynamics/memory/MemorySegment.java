package io.sequencezoo.core.dynamics.memory;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.op.Positions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A segment of a {@link MemoryContextRecurrence}, or one token of it, in primitives of the tape.
 * The keys and values of the segment so far lie in the state by their places; what lies at places
 * to come is from the segment before, and nobody sees it.
 */
final class MemorySegment implements RecomputedScan.Body {
  private final MemoryRule rule;
  private final MemoryChunk memory;
  private final OptimiserMemoryRecurrence recurrence;
  private final MemoryFeedback feedback;

  /**
   * Segments of a memory.
   *
   * @param memory its chunk, as long as a segment
   */
  MemorySegment(OptimiserMemoryRecurrence recurrence, MemoryChunk memory, MemoryFeedback feedback) {
    this.recurrence = recurrence;
    this.rule = recurrence.rule();
    this.memory = memory;
    this.feedback = feedback;
  }

  @Override
  public RecomputedScan.Result run(Tape tape, RecomputedScan.Chunk chunk) {
    Map<String, Variable> fixed = chunk.fixed();
    Variable recalled =
        memory.read(
            tape,
            chunk.tokens().get(MemoryContextRecurrence.RECALL),
            null,
            fixed,
            atStart(chunk.state()));
    Variable context = joined(tape, recalled);
    int heads = recalled.size(1);
    Map<String, Variable> held = new LinkedHashMap<>();
    INDArray here = here(tape, chunk);
    for (String name : MemoryContextRecurrence.HELD) {
      Variable now =
          switch (name) {
            case MemoryContextRecurrence.CONTEXT_KEY ->
                mapped(tape, context, fixed, MemoryContextRecurrence.KEY_MAP, heads);
            case MemoryContextRecurrence.CONTEXT_VALUE ->
                mapped(tape, context, fixed, MemoryContextRecurrence.VALUE_MAP, heads);
            case MemoryContextRecurrence.SEGMENT_KEY ->
                chunk.tokens().get(MemoryContextRecurrence.KEY);
            default -> chunk.tokens().get(MemoryContextRecurrence.VALUE);
          };
      held.put(name, Primitives.where(tape, here, now, chunk.state().get(name)));
    }
    Variable queries = chunk.tokens().get(MemoryContextRecurrence.QUERY);
    Variable attended = attend(tape, queries, fixed, held, chunk.places());
    RecomputedScan.Chunk learning =
        new RecomputedScan.Chunk(
            driven(tape, attended, fixed, chunk.valid()),
            fixed,
            chunk.state(),
            chunk.valid(),
            chunk.complete(),
            chunk.places());
    RecomputedScan.Result learned = memory.run(tape, learning);
    Map<String, Variable> next = new LinkedHashMap<>(learned.state());
    next.putAll(held);
    Variable y = perHead(tape, attended, heads);
    return new RecomputedScan.Result(Primitives.concat(tape, 3, y, learned.outputs()), next);
  }

  /**
   * What a token puts out, from the state that it left.
   *
   * @param queries {@code [B, H, 1, K]}
   * @param places of the token
   * @return {@code [B, H, 1, 2 V]}
   */
  Variable read(
      Tape tape,
      Variable queries,
      Map<String, Variable> fixed,
      Map<String, Variable> state,
      int[] places) {
    Variable attended = attend(tape, queries, fixed, state, places);
    Variable y = perHead(tape, attended, queries.size(1));
    Variable query =
        perHead(tape, feedback.drive(tape, attended, fixed).get(OptimiserMemoryRecurrence.QUERY));
    return Primitives.concat(tape, 3, y, memory.read(tape, query, null, fixed, state));
  }

  /** The memory's parts where the segment starts. */
  private Map<String, Variable> atStart(Map<String, Variable> state) {
    if (!rule.hasBase()) {
      return state;
    }
    Map<String, Variable> parts = new LinkedHashMap<>();
    state.forEach(
        (name, part) -> {
          if (name.startsWith(MemoryState.BASE)) {
            parts.put(name.substring(MemoryState.BASE.length()), part);
          }
        });
    return parts;
  }

  /** {@code [B, 1, C, 1]}: not zero at the places of this chunk's tokens. */
  private INDArray here(Tape tape, RecomputedScan.Chunk chunk) {
    if (chunk.valid().size(2) == rule.chunk()) {
      return chunk.valid();
    }
    int size = rule.chunk();
    Variable place =
        Positions.numbers(
            tape,
            chunk.valid().dataType(),
            chunk.places(),
            1,
            size,
            (at, i) -> at % size == i ? 1 : 0);
    Variable places = Primitives.reshape(tape, place, chunk.places().length, 1, size, 1);
    return Primitives.multiply(tape, places, tape.constant(chunk.valid())).operand();
  }

  /**
   * Attention of every token to the persistent tokens and, up to its own place, to what its segment
   * read and holds.
   *
   * @param queries {@code [B, H, N, K]}
   * @return {@code [B, N, D]}
   */
  private Variable attend(
      Tape tape,
      Variable queries,
      Map<String, Variable> fixed,
      Map<String, Variable> held,
      int[] places) {
    Variable keys =
        whole(
            tape,
            fixed.get(MemoryContextRecurrence.PERSISTENT_KEY),
            held.get(MemoryContextRecurrence.CONTEXT_KEY),
            held.get(MemoryContextRecurrence.SEGMENT_KEY));
    Variable values =
        whole(
            tape,
            fixed.get(MemoryContextRecurrence.PERSISTENT_VALUE),
            held.get(MemoryContextRecurrence.CONTEXT_VALUE),
            held.get(MemoryContextRecurrence.SEGMENT_VALUE));
    Variable scaled = Primitives.affine(tape, 1 / Math.sqrt(queries.size(3)), queries, 0);
    Variable scores = Primitives.matmul(tape, scaled, keys, false, true);
    INDArray seen = seen(tape, queries, keys, places);
    Variable shares =
        Primitives.softmax(tape, Primitives.mask(tape, scores, seen, Double.NEGATIVE_INFINITY));
    Variable read = joined(tape, Primitives.matmul(tape, shares, values));
    return Primitives.matmul(tape, read, fixed.get(MemoryContextRecurrence.OUTPUT_MAP));
  }

  /** Persistent tokens, if any, what was read, and the segment, side by side. */
  private static Variable whole(
      Tape tape, Variable persistent, Variable context, Variable segment) {
    if (persistent == null) {
      return Primitives.concat(tape, 2, context, segment);
    }
    Variable heads = Primitives.permute(tape, persistent, 1, 0, 2);
    long[] shape = context.shape().clone();
    shape[2] = persistent.size(0);
    return Primitives.concat(tape, 2, Primitives.expand(tape, heads, shape), context, segment);
  }

  /** {@code [B, 1, N, P + 2 C]}: 1 where a token sees, one row for all where all do alike. */
  private INDArray seen(Tape tape, Variable queries, Variable keys, int[] places) {
    int tokens = queries.size(2);
    int all = keys.size(2);
    int size = rule.chunk();
    int context = all - 2 * size;
    int segment = all - size;
    int[] starts = tokens == size ? new int[1] : places;
    Variable seen =
        Positions.numbers(
            tape,
            queries.type(),
            starts,
            tokens,
            all,
            (at, i) -> {
              int sees = at % size + 1;
              return i < context + sees || (i >= segment && i < segment + sees) ? 1 : 0;
            });
    return Primitives.reshape(tape, seen, starts.length, 1, tokens, all).operand();
  }

  /** What drives the memory; slots without a token leave it as it is. */
  private Map<String, Variable> driven(
      Tape tape, Variable attended, Map<String, Variable> fixed, INDArray valid) {
    Map<String, Variable> coefficients = feedback.drive(tape, attended, fixed);
    Map<String, Double> scalars = recurrence.scalars();
    Map<String, Variable> tokens = new LinkedHashMap<>();
    for (String name :
        List.of(
            OptimiserMemoryRecurrence.QUERY,
            OptimiserMemoryRecurrence.KEY,
            OptimiserMemoryRecurrence.VALUE)) {
      tokens.put(name, perHead(tape, coefficients.get(name)));
    }
    scalars.forEach(
        (name, filler) -> {
          Variable x = coefficients.get(name);
          Variable column = Primitives.reshape(tape, x, x.size(0), x.size(1), x.size(2), 1);
          tokens.put(name, Primitives.mask(tape, perHead(tape, column), valid, filler));
        });
    return tokens;
  }

  private static Variable mapped(
      Tape tape, Variable x, Map<String, Variable> fixed, String map, int heads) {
    return perHead(tape, Primitives.matmul(tape, x, fixed.get(map)), heads);
  }

  /** {@code [B, N, D]} as {@code [B, H, N, D/H]}. */
  private static Variable perHead(Tape tape, Variable x, int heads) {
    return perHead(
        tape, Primitives.reshape(tape, x, x.size(0), x.size(1), heads, x.size(2) / heads));
  }

  /** {@code [B, N, H, K]} as {@code [B, H, N, K]}. */
  private static Variable perHead(Tape tape, Variable x) {
    return Primitives.permute(tape, x, 0, 2, 1, 3);
  }

  /** {@code [B, H, N, V]} as {@code [B, N, D]}. */
  private static Variable joined(Tape tape, Variable x) {
    return Primitives.reshape(
        tape,
        Primitives.permute(tape, x, 0, 2, 1, 3),
        x.size(0),
        x.size(2),
        (long) x.size(1) * x.size(3));
  }
}
