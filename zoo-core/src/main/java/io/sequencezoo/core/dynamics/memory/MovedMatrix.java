package io.sequencezoo.core.dynamics.memory;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.MatrixProduct;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Where a chunk's outer products take a matrix, per row of the batch and head, as one operation:
 *
 * <pre>{@code
 * Y = Σ_i a_i M_i + Σ_j w_j x_j d_jᵀ
 * }</pre>
 *
 * <p>The state is as large as it gets here, and is read and written once. Pullback: {@code a g} for
 * M, {@code g·M} for a; {@code g d_j·x_j} for w, {@code w_j g d_j} for x, {@code w_j gᵀ x_j} for d.
 *
 * @param <A> the array type
 */
final class MovedMatrix<A> {
  /** Elements of a state on the heap at once. */
  private static final int TILE = 2048;

  /**
   * What is left of a matrix.
   *
   * @param share a {@code [B, H, 1, 1]}, or null for 1
   * @param matrix M {@code [B, H, I, O]}
   */
  record Kept(Variable share, Variable matrix) {}

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final List<Kept> kept;
  private final Variable weights;
  private final Variable left;
  private final Variable right;
  private final IdentityHashMap<Variable, Slab<A>> slabs = new IdentityHashMap<>();
  private final int matrices;
  private final int tokens;
  private final int in;
  private final int out;

  private MovedMatrix(
      Precision<A> precision, List<Kept> kept, Variable weights, Variable left, Variable right) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.kept = kept;
    this.weights = weights;
    this.left = left;
    this.right = right;
    this.matrices = left.size(0) * left.size(1);
    this.tokens = left.size(2);
    this.in = left.size(3);
    this.out = right.size(3);
    for (Variable x : List.of(weights, left, right)) {
      add(x);
    }
    for (Kept part : kept) {
      add(part.matrix);
      if (part.share != null) {
        add(part.share);
      }
    }
  }

  private void add(Variable x) {
    slabs.put(x, precision.slab(x.operand()));
  }

  /**
   * Moves it.
   *
   * @param kept at least one
   * @param weights {@code [B, H, 1, J]}
   * @param left x {@code [B, H, J, I]}
   * @param right d {@code [B, H, J, O]}
   * @return {@code [B, H, I, O]}
   */
  static Variable of(Tape tape, List<Kept> kept, Variable weights, Variable left, Variable right) {
    return new MovedMatrix<>(Precision.of(left.type()), kept, weights, left, right).move(tape);
  }

  private Slab<A> slab(Variable x) {
    return slabs.get(x);
  }

  private Variable move(Tape tape) {
    INDArray y = tape.allocate(precision.type(), left.size(0), left.size(1), in, out);
    Slab<A> scaled = precision.slab(tape.allocate(precision.type(), left.shape()));
    Slab<A> to = precision.slab(y);
    Parallel.run(
        matrices,
        matrix -> {
          keep(matrix, to);
          scale(matrix, scaled);
          new MatrixProduct(true, false, in, out, tokens)
              .run(
                  precision,
                  scaled,
                  (long) matrix * tokens * in,
                  slab(right),
                  (long) matrix * tokens * out,
                  1,
                  to,
                  (long) matrix * in * out);
        });
    List<Variable> inputs = new ArrayList<>();
    kept.forEach(
        part -> {
          inputs.add(part.share);
          inputs.add(part.matrix);
        });
    inputs.addAll(List.of(weights, left, right));
    return tape.record(
        y, cotangents -> pullback(cotangents, scaled), inputs.toArray(new Variable[0]));
  }

  private double share(Kept part, int matrix, A spare) {
    if (part.share == null) {
      return 1;
    }
    slab(part.share).load(matrix, spare, 0, 1);
    return kernels.get(spare, 0);
  }

  private void keep(int matrix, Slab<A> to) {
    int size = in * out;
    try (Scratch<A> scratch = precision.scratch()) {
      A sum = scratch.take(TILE);
      A tile = scratch.take(TILE);
      double[] shares = new double[kept.size()];
      for (int i = 0; i < shares.length; i++) {
        shares[i] = share(kept.get(i), matrix, tile);
      }
      for (int from = 0; from < size; from += TILE) {
        int n = Math.min(TILE, size - from);
        long at = (long) matrix * size + from;
        for (int i = 0; i < shares.length; i++) {
          A own = i == 0 ? sum : tile;
          slab(kept.get(i).matrix).load(at, own, 0, n);
          if (i == 0) {
            kernels.affine(shares[0], sum, 0, 0, sum, 0, n);
          } else {
            kernels.axpy(shares[i], tile, 0, sum, 0, n);
          }
        }
        to.store(at, sum, 0, n);
      }
    }
  }

  private void scale(int matrix, Slab<A> to) {
    int n = tokens * in;
    try (Scratch<A> scratch = precision.scratch()) {
      A x = scratch.take(n);
      A w = scratch.take(tokens);
      slab(left).load((long) matrix * n, x, 0, n);
      slab(weights).load((long) matrix * tokens, w, 0, tokens);
      for (int j = 0; j < tokens; j++) {
        kernels.affine(kernels.get(w, j), x, j * in, 0, x, j * in, in);
      }
      to.store((long) matrix * n, x, 0, n);
    }
  }

  private void pullback(Cotangents cotangents, Slab<A> scaled) {
    Slab<A> g = precision.slab(cotangents.output(0));
    List<Sink<A>> toShares = new ArrayList<>();
    List<Sink<A>> toMatrices = new ArrayList<>();
    for (int i = 0; i < kept.size(); i++) {
      toShares.add(Sink.of(precision, cotangents, 2 * i));
      toMatrices.add(Sink.of(precision, cotangents, 2 * i + 1));
    }
    int next = 2 * kept.size();
    Sink<A> toWeights = Sink.of(precision, cotangents, next);
    Sink<A> toLeft = Sink.of(precision, cotangents, next + 1);
    Sink<A> toRight = Sink.of(precision, cotangents, next + 2);
    Slab<A> pulled = precision.slab(cotangents.tape().allocate(precision.type(), left.shape()));
    Parallel.run(
        matrices,
        matrix -> {
          for (int i = 0; i < kept.size(); i++) {
            keepBack(kept.get(i), matrix, g, toShares.get(i), toMatrices.get(i));
          }
          long atG = (long) matrix * in * out;
          long atRight = (long) matrix * tokens * out;
          long atLeft = (long) matrix * tokens * in;
          if (toRight != null) {
            new MatrixProduct(false, false, tokens, out, in)
                .run(precision, scaled, atLeft, g, atG, toRight.beta(), toRight.slab(), atRight);
          }
          new MatrixProduct(false, true, tokens, in, out)
              .run(precision, slab(right), atRight, g, atG, 0, pulled, atLeft);
          scaleBack(matrix, pulled, toWeights, toLeft);
        });
  }

  private void keepBack(Kept part, int matrix, Slab<A> g, Sink<A> toShare, Sink<A> toMatrix) {
    int size = in * out;
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(TILE);
      A own = scratch.take(TILE);
      double share = share(part, matrix, tile);
      double along = 0;
      for (int from = 0; from < size; from += TILE) {
        int n = Math.min(TILE, size - from);
        long at = (long) matrix * size + from;
        g.load(at, tile, 0, n);
        if (toShare != null) {
          slab(part.matrix).load(at, own, 0, n);
          along += kernels.dot(tile, 0, own, 0, n);
        }
        if (toMatrix != null) {
          kernels.affine(share, tile, 0, 0, tile, 0, n);
          toMatrix.put(precision, at, tile, n);
        }
      }
      if (toShare != null) {
        kernels.set(own, 0, along);
        toShare.put(precision, matrix, own, 1);
      }
    }
  }

  private void scaleBack(int matrix, Slab<A> pulled, Sink<A> toWeights, Sink<A> toLeft) {
    int n = tokens * in;
    long at = (long) matrix * n;
    try (Scratch<A> scratch = precision.scratch()) {
      A t = scratch.take(n);
      A x = scratch.take(n);
      A w = scratch.take(tokens);
      A own = scratch.take(tokens);
      pulled.load(at, t, 0, n);
      slab(left).load(at, x, 0, n);
      slab(weights).load((long) matrix * tokens, w, 0, tokens);
      for (int j = 0; j < tokens; j++) {
        kernels.set(own, j, kernels.dot(t, j * in, x, j * in, in));
        kernels.affine(kernels.get(w, j), t, j * in, 0, t, j * in, in);
      }
      if (toWeights != null) {
        toWeights.put(precision, (long) matrix * tokens, own, tokens);
      }
      if (toLeft != null) {
        toLeft.put(precision, at, t, n);
      }
    }
  }
}
