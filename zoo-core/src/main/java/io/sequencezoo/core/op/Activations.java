package io.sequencezoo.core.op;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Element-wise activations and gates. Nothing is saved for backward but the inputs. */
public final class Activations {
  private static final int TILE = Tiles.tileRows(1);

  private Activations() {}

  /** {@code y = f(x)}, any shape. */
  public static Variable apply(Tape tape, Unary f, Variable x) {
    return apply(tape, Precision.of(x.type()), f, x);
  }

  /**
   * {@code y = f(gate) up} in one pass; both have one shape.
   *
   * @param f the activation of the gate; null for none, the bilinear gate
   */
  public static Variable gated(Tape tape, @Nullable Unary f, Variable gate, Variable up) {
    checkArgument(
        Arrays.equals(gate.shape(), up.shape()),
        "gate: gate and up must have one shape, got %s and %s",
        Arrays.toString(gate.shape()),
        Arrays.toString(up.shape()));
    Tiles.checkSameType("gate", gate, up);
    return gated(tape, Precision.of(gate.type()), f, gate, up);
  }

  private static <A> Variable apply(Tape tape, Precision<A> precision, Unary f, Variable x) {
    Kernels<A> kernels = precision.kernels();
    INDArray y = tape.allocate(x.type(), x.shape());
    Slab<A> from = precision.slab(x.operand());
    Slab<A> to = precision.slab(y);
    tiles(
        precision,
        from.length(),
        1,
        (at, n, a, b, c, d, e) -> {
          from.load(at, a, 0, n);
          kernels.map(f, a, 0, a, 0, n);
          to.store(at, a, 0, n);
        });
    return tape.record(y, cotangents -> applyPullback(precision, f, cotangents, x, y), x);
  }

  private static <A> void applyPullback(
      Precision<A> precision, Unary f, Cotangents cotangents, Variable x, INDArray y) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> xs = precision.slab(x.operand());
    Slab<A> ys = precision.slab(y);
    Slab<A> gy = precision.slab(cotangents.output());
    Tiles.Target<A> gx = Tiles.wanted(precision, cotangents, 0);
    tiles(
        precision,
        xs.length(),
        4,
        (at, n, a, b, c, d, e) -> {
          xs.load(at, a, 0, n);
          ys.load(at, b, 0, n);
          gy.load(at, c, 0, n);
          kernels.mapPullback(f, a, 0, b, 0, c, 0, d, 0, n);
          gx.put(kernels, at, d, 0, a, n);
        });
  }

  private static <A> Variable gated(
      Tape tape, Precision<A> precision, @Nullable Unary f, Variable gate, Variable up) {
    Kernels<A> kernels = precision.kernels();
    INDArray y = tape.allocate(gate.type(), gate.shape());
    Slab<A> gates = precision.slab(gate.operand());
    Slab<A> ups = precision.slab(up.operand());
    Slab<A> to = precision.slab(y);
    tiles(
        precision,
        gates.length(),
        2,
        (at, n, a, b, c, d, e) -> {
          gates.load(at, a, 0, n);
          ups.load(at, b, 0, n);
          if (f != null) {
            kernels.map(f, a, 0, a, 0, n);
          }
          kernels.multiply(a, 0, b, 0, a, 0, n);
          to.store(at, a, 0, n);
        });
    return tape.record(
        y, cotangents -> gatedPullback(precision, f, cotangents, gate, up), gate, up);
  }

  private static <A> void gatedPullback(
      Precision<A> precision,
      @Nullable Unary f,
      Cotangents cotangents,
      Variable gate,
      Variable up) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> gates = precision.slab(gate.operand());
    Slab<A> ups = precision.slab(up.operand());
    Slab<A> gy = precision.slab(cotangents.output());
    // In the order of writing below, so that a gate that gates itself adds up.
    Tiles.Target<A> gUp = Tiles.target(precision, cotangents, 1);
    Tiles.Target<A> gGate = Tiles.target(precision, cotangents, 0);
    tiles(
        precision,
        gates.length(),
        5,
        (at, n, a, b, c, d, e) -> {
          gates.load(at, a, 0, n);
          gy.load(at, c, 0, n);
          if (f == null) {
            kernels.copy(a, 0, b, 0, n);
          } else {
            kernels.map(f, a, 0, b, 0, n);
          }
          if (gUp != null) {
            kernels.multiply(c, 0, b, 0, d, 0, n);
            gUp.put(kernels, at, d, 0, e, n);
          }
          if (gGate != null) {
            ups.load(at, d, 0, n);
            kernels.multiply(c, 0, d, 0, d, 0, n);
            if (f != null) {
              kernels.mapPullback(f, a, 0, b, 0, d, 0, c, 0, n);
              gGate.put(kernels, at, c, 0, e, n);
            } else {
              gGate.put(kernels, at, d, 0, e, n);
            }
          }
        });
  }

  /** Runs the body over tiles of n elements with {@code buffers} scratch arrays. */
  static <A> void tiles(Precision<A> precision, long n, int buffers, TileBody<A> body) {
    Parallel.ranges(
        n,
        Tiles.taskRows(1),
        (from, end) -> {
          try (Scratch<A> scratch = precision.scratch()) {
            A a = scratch.take(TILE);
            // What a body doesn't ask for it doesn't touch.
            A b = buffers > 1 ? scratch.take(TILE) : a;
            A c = buffers > 2 ? scratch.take(TILE) : a;
            A d = buffers > 3 ? scratch.take(TILE) : a;
            A e = buffers > 4 ? scratch.take(TILE) : a;
            for (long at = from; at < end; at += TILE) {
              body.accept(at, (int) Math.min(TILE, end - at), a, b, c, d, e);
            }
          }
        });
  }

  /** A body with up to five scratch arrays; in a list they would be garbage of every token. */
  @FunctionalInterface
  interface TileBody<A> {
    void accept(long at, int n, A a, A b, A c, A d, A e);
  }
}
