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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Element-wise activations and gates. Nothing is saved for backward but the inputs. */
public final class Activations {
  private static final int TILE = Tiles.tileRows(1);

  private Activations() {}

  /** {@code y = f(x)}, any shape. */
  public static Variable apply(Tape tape, Unary f, Variable x) {
    return apply(tape, Precision.of(x.value()), f, x);
  }

  /**
   * {@code y = f(gate) up} in one pass; both have one shape.
   *
   * @param f the activation of the gate; null for none, the bilinear gate
   */
  public static Variable gated(Tape tape, Unary f, Variable gate, Variable up) {
    checkArgument(
        Arrays.equals(gate.shape(), up.shape()),
        "gate: gate and up must have one shape, got %s and %s",
        Arrays.toString(gate.shape()),
        Arrays.toString(up.shape()));
    Tiles.checkSameType("gate", gate, up);
    return gated(tape, Precision.of(gate.value()), f, gate, up);
  }

  private static <A> Variable apply(Tape tape, Precision<A> precision, Unary f, Variable x) {
    Kernels<A> kernels = precision.kernels();
    INDArray y = tape.allocate(x.type(), x.shape());
    Slab<A> from = precision.slab(x.value());
    Slab<A> to = precision.slab(y);
    tiles(
        precision,
        from.length(),
        1,
        (at, n, a) -> {
          from.load(at, a.get(0), 0, n);
          kernels.map(f, a.get(0), 0, a.get(0), 0, n);
          to.store(at, a.get(0), 0, n);
        });
    return tape.record(y, cotangents -> applyPullback(precision, f, cotangents, x, y), x);
  }

  private static <A> void applyPullback(
      Precision<A> precision, Unary f, Cotangents cotangents, Variable x, INDArray y) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> xs = precision.slab(x.value());
    Slab<A> ys = precision.slab(y);
    Slab<A> gy = precision.slab(cotangents.output(0));
    Tiles.Target<A> gx = Tiles.target(precision, cotangents, 0);
    tiles(
        precision,
        xs.length(),
        4,
        (at, n, a) -> {
          xs.load(at, a.get(0), 0, n);
          ys.load(at, a.get(1), 0, n);
          gy.load(at, a.get(2), 0, n);
          kernels.mapPullback(f, a.get(0), 0, a.get(1), 0, a.get(2), 0, a.get(3), 0, n);
          gx.put(kernels, at, a.get(3), 0, a.get(0), n);
        });
  }

  private static <A> Variable gated(
      Tape tape, Precision<A> precision, Unary f, Variable gate, Variable up) {
    Kernels<A> kernels = precision.kernels();
    INDArray y = tape.allocate(gate.type(), gate.shape());
    Slab<A> gates = precision.slab(gate.value());
    Slab<A> ups = precision.slab(up.value());
    Slab<A> to = precision.slab(y);
    tiles(
        precision,
        gates.length(),
        2,
        (at, n, a) -> {
          gates.load(at, a.get(0), 0, n);
          ups.load(at, a.get(1), 0, n);
          if (f != null) {
            kernels.map(f, a.get(0), 0, a.get(0), 0, n);
          }
          kernels.multiply(a.get(0), 0, a.get(1), 0, a.get(0), 0, n);
          to.store(at, a.get(0), 0, n);
        });
    return tape.record(
        y, cotangents -> gatedPullback(precision, f, cotangents, gate, up), gate, up);
  }

  private static <A> void gatedPullback(
      Precision<A> precision, Unary f, Cotangents cotangents, Variable gate, Variable up) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> gates = precision.slab(gate.value());
    Slab<A> ups = precision.slab(up.value());
    Slab<A> gy = precision.slab(cotangents.output(0));
    // In the order of writing below, so that a gate that gates itself adds up.
    Tiles.Target<A> gUp = Tiles.target(precision, cotangents, 1);
    Tiles.Target<A> gGate = Tiles.target(precision, cotangents, 0);
    tiles(
        precision,
        gates.length(),
        5,
        (at, n, a) -> {
          gates.load(at, a.get(0), 0, n);
          gy.load(at, a.get(2), 0, n);
          if (f == null) {
            kernels.copy(a.get(0), 0, a.get(1), 0, n);
          } else {
            kernels.map(f, a.get(0), 0, a.get(1), 0, n);
          }
          if (gUp != null) {
            kernels.multiply(a.get(2), 0, a.get(1), 0, a.get(3), 0, n);
            gUp.put(kernels, at, a.get(3), 0, a.get(4), n);
          }
          if (gGate != null) {
            ups.load(at, a.get(3), 0, n);
            kernels.multiply(a.get(2), 0, a.get(3), 0, a.get(3), 0, n);
            if (f != null) {
              kernels.mapPullback(f, a.get(0), 0, a.get(1), 0, a.get(3), 0, a.get(2), 0, n);
              gGate.put(kernels, at, a.get(2), 0, a.get(4), n);
            } else {
              gGate.put(kernels, at, a.get(3), 0, a.get(4), n);
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
            List<A> arrays = new ArrayList<>();
            for (int i = 0; i < buffers; i++) {
              arrays.add(scratch.take(TILE));
            }
            for (long at = from; at < end; at += TILE) {
              body.accept(at, (int) Math.min(TILE, end - at), arrays);
            }
          }
        });
  }

  @FunctionalInterface
  interface TileBody<A> {
    void accept(long at, int n, List<A> arrays);
  }
}
