package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The keys (or values) that a state holds, {@code [B, slots, H, size]}: row b's first {@code
 * min(consumed_b, W)} slots are its latest tokens in their order; the contents of later slots have
 * no meaning.
 */
final class KeyValueCache {
  private KeyValueCache() {}

  /**
   * What is held after a stretch, differentiably. Nothing is copied at the start of a sequence
   * unless a window drops some of it.
   *
   * @param held what was held, {@code cached[b]} slots of row b
   * @param fresh the stretch's own {@code [B, T, H, size]}
   */
  static Variable after(Tape tape, Span span, Variable held, Variable fresh) {
    int steps = span.shape().steps();
    boolean starts = Arrays.stream(span.cached()).allMatch(n -> n == 0);
    if (starts && steps <= span.visibility().window()) {
      return fresh;
    }
    return append(Precision.of(fresh.type()), tape, span, held, fresh);
  }

  /**
   * What is held with zeros in the slots that mean nothing, for products with whole arrays; null
   * where nothing is held.
   */
  static Variable cleared(Tape tape, Span span, Variable held) {
    if (span.capacity() == 0) {
      return null;
    }
    boolean full = Arrays.stream(span.cached()).allMatch(n -> n == span.capacity());
    return full && !held.value().isView()
        ? held
        : cleared(Precision.of(held.type()), tape, span, held);
  }

  private static <A> Variable cleared(Precision<A> precision, Tape tape, Span span, Variable held) {
    INDArray out = tape.allocate(held.type(), held.shape());
    Slab<A> from = precision.slab(contiguous(held.value()));
    spread(precision, span, held, from, new Target<>(precision, out));
    return tape.record(
        out,
        cotangents ->
            spread(
                precision,
                span,
                held,
                precision.slab(cotangents.output(0)),
                Target.of(precision, cotangents, 0)),
        held);
  }

  private static <A> void spread(
      Precision<A> precision, Span span, Variable held, Slab<A> from, Target<A> to) {
    int token = held.size(2) * held.size(3);
    int slots = held.size(1);
    Parallel.run(
        held.size(0),
        b -> {
          int used = span.cached()[b];
          long at = (long) b * slots * token;
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(used * token);
            from.load(at, tile, 0, used * token);
            to.rows(at, token, tile, 0, used, token);
            to.none(at + (long) used * token, token, slots - used, token);
          }
        });
  }

  private static <A> Variable append(
      Precision<A> precision, Tape tape, Span span, Variable held, Variable fresh) {
    int slots = slots(span);
    INDArray out = tape.allocate(fresh.type(), fresh.size(0), slots, fresh.size(2), fresh.size(3));
    int token = fresh.size(2) * fresh.size(3);
    Moves moves = new Moves(span, slots);
    Slab<A> to = precision.slab(out);
    Slab<A> fromHeld = moves.anyHeld() ? precision.slab(contiguous(held.value())) : null;
    Slab<A> fromFresh = precision.slab(fresh.value());
    Parallel.run(
        fresh.size(0),
        b -> {
          int kept = moves.kept(b);
          int old = moves.keptOfHeld(b);
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(token);
            copy(fromHeld, moves.heldAt(b), to, (long) b * slots, old, token, tile);
            copy(fromFresh, moves.freshAt(b), to, (long) b * slots + old, kept - old, token, tile);
            precision.kernels().fill(tile, 0, token, 0);
            for (int slot = kept; slot < slots; slot++) {
              to.store(((long) b * slots + slot) * token, tile, 0, token);
            }
          }
        });
    return tape.record(
        out, cotangents -> scatter(precision, moves, cotangents, token), held, fresh);
  }

  /** One where rows hold nothing yet: no array is empty. */
  private static int slots(Span span) {
    int slots = 1;
    for (int b = 0; b < span.shape().batch(); b++) {
      slots = Math.max(slots, span.visibility().held(span.total(b)));
    }
    return slots;
  }

  /** What steps left is a view with room for more tokens; whole arrays are needed here. */
  static INDArray contiguous(INDArray held) {
    return held.isView() ? held.dup('c') : held;
  }

  private static <A> void copy(
      Slab<A> from, long at, Slab<A> to, long toAt, int rows, int columns, A tile) {
    for (int r = 0; r < rows; r++) {
      from.load((at + r) * columns, tile, 0, columns);
      to.store((toAt + r) * columns, tile, 0, columns);
    }
  }

  private static <A> void scatter(
      Precision<A> precision, Moves moves, Cotangents cotangents, int token) {
    Slab<A> gradient = precision.slab(cotangents.outputOrZeros(0));
    Target<A> held = Target.of(precision, cotangents, 0);
    Target<A> fresh = Target.of(precision, cotangents, 1);
    Span span = moves.span;
    int steps = span.shape().steps();
    Parallel.run(
        span.shape().batch(),
        b -> {
          long out = (long) b * moves.slots;
          int old = moves.keptOfHeld(b);
          int kept = moves.kept(b);
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(moves.slots * token);
            gradient.load(out * token, tile, 0, kept * token);
            if (held != null) {
              long first = (long) b * span.capacity();
              long at = moves.heldAt(b);
              held.none(first * token, token, (int) (at - first), token);
              held.rows(at * token, token, tile, 0, old, token);
              int after = (int) (first + span.capacity() - at - old);
              held.none((at + old) * token, token, after, token);
            }
            if (fresh != null) {
              long first = (long) b * steps;
              long at = moves.freshAt(b);
              int added = kept - old;
              fresh.none(first * token, token, (int) (at - first), token);
              fresh.rows(at * token, token, tile, old * token, added, token);
              int after = (int) (first + steps - at - added);
              fresh.none((at + added) * token, token, after, token);
            }
          }
        });
  }

  /** Which slots go where, in tokens. */
  private record Moves(Span span, int slots) {
    boolean anyHeld() {
      return Arrays.stream(span.cached()).anyMatch(n -> n > 0);
    }

    int kept(int b) {
      return span.visibility().held(span.total(b));
    }

    private int dropped(int b) {
      return span.total(b) - kept(b);
    }

    int keptOfHeld(int b) {
      return Math.max(0, span.cached()[b] - dropped(b));
    }

    long heldAt(int b) {
      return (long) b * span.capacity() + span.cached()[b] - keptOfHeld(b);
    }

    long freshAt(int b) {
      return (long) b * span.shape().steps() + Math.max(0, dropped(b) - span.cached()[b]);
    }
  }
}
