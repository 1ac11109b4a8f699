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
 * A sum of matrix products whose rows have factors, per row of the batch and head, as one
 * operation:
 *
 * <pre>{@code
 * z = Σ_i diag(c_i) X_i M_i
 * }</pre>
 *
 * <p>Products add up in place, so that neither they nor their sums are stored. Pullback: {@code
 * diag(c) g Mᵀ} for X, the rows' {@code X·(g Mᵀ)} for c, {@code (diag(c) X)ᵀ g} for M.
 *
 * @param <A> the array type
 */
final class ScaledProducts<A> {
  /**
   * A summand.
   *
   * @param factors c {@code [B, H, C, 1]}, or null for ones
   * @param left X {@code [B, H, C, I]}
   * @param right M {@code [B, H, I, O]}
   */
  record Term(Variable factors, Variable left, Variable right) {}

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final List<Term> terms;
  private final IdentityHashMap<Variable, Slab<A>> slabs = new IdentityHashMap<>();
  private final int matrices;
  private final int rows;
  private final int out;

  private ScaledProducts(Precision<A> precision, List<Term> terms) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.terms = terms;
    Term first = terms.get(0);
    this.matrices = first.left.size(0) * first.left.size(1);
    this.rows = first.left.size(2);
    this.out = first.right.size(3);
    for (Term term : terms) {
      add(term.left);
      add(term.right);
      if (term.factors != null) {
        add(term.factors);
      }
    }
  }

  private void add(Variable x) {
    slabs.put(x, precision.slab(x.operand()));
  }

  /** The sum, {@code [B, H, C, O]}. */
  static Variable sum(Tape tape, List<Term> terms) {
    return new ScaledProducts<>(Precision.of(terms.get(0).left.type()), terms).sum(tape);
  }

  private Slab<A> slab(Variable x) {
    return slabs.get(x);
  }

  private Variable sum(Tape tape) {
    Term first = terms.get(0);
    INDArray z = tape.allocate(precision.type(), first.left.size(0), first.left.size(1), rows, out);
    List<Slab<A>> scaled = new ArrayList<>();
    List<Variable> inputs = new ArrayList<>();
    for (Term term : terms) {
      boolean plain = term.factors == null;
      scaled.add(
          plain
              ? slab(term.left)
              : precision.slab(tape.allocate(precision.type(), term.left.shape())));
      inputs.add(term.factors);
      inputs.add(term.left);
      inputs.add(term.right);
    }
    Slab<A> to = precision.slab(z);
    Parallel.run(
        matrices,
        matrix -> {
          for (int i = 0; i < terms.size(); i++) {
            Term term = terms.get(i);
            if (term.factors != null) {
              scale(term, scaled.get(i), matrix);
            }
            int in = term.left.size(3);
            new MatrixProduct(false, false, rows, out, in)
                .run(
                    precision,
                    scaled.get(i),
                    (long) matrix * rows * in,
                    slab(term.right),
                    (long) matrix * in * out,
                    i == 0 ? 0 : 1,
                    to,
                    (long) matrix * rows * out);
          }
        });
    return tape.record(
        z, cotangents -> pullback(cotangents, scaled), inputs.toArray(new Variable[0]));
  }

  private void scale(Term term, Slab<A> to, int matrix) {
    int in = term.left.size(3);
    long at = (long) matrix * rows * in;
    try (Scratch<A> scratch = precision.scratch()) {
      A x = scratch.take(rows * in);
      A factors = scratch.take(rows);
      slab(term.left).load(at, x, 0, rows * in);
      slab(term.factors).load((long) matrix * rows, factors, 0, rows);
      for (int j = 0; j < rows; j++) {
        kernels.affine(kernels.get(factors, j), x, j * in, 0, x, j * in, in);
      }
      to.store(at, x, 0, rows * in);
    }
  }

  private void pullback(Cotangents cotangents, List<Slab<A>> scaled) {
    Slab<A> g = precision.slab(cotangents.output(0));
    List<Back> backs = new ArrayList<>();
    for (int i = 0; i < terms.size(); i++) {
      backs.add(new Back(cotangents, i, scaled.get(i)));
    }
    Parallel.run(matrices, matrix -> backs.forEach(back -> back.run(g, matrix)));
  }

  /** The way back of one summand. */
  private final class Back {
    private final Term term;
    private final Slab<A> scaled;
    private final Sink<A> toFactors;
    private final Sink<A> toLeft;
    private final Sink<A> toRight;
    private final Slab<A> pulled;
    private final int in;

    Back(Cotangents cotangents, int i, Slab<A> scaled) {
      this.term = terms.get(i);
      this.scaled = scaled;
      this.in = term.left.size(3);
      this.toFactors = Sink.of(precision, cotangents, 3 * i);
      this.toLeft = Sink.of(precision, cotangents, 3 * i + 1);
      this.toRight = Sink.of(precision, cotangents, 3 * i + 2);
      this.pulled =
          toFactors == null && toLeft == null
              ? null
              : precision.slab(cotangents.tape().allocate(precision.type(), term.left.shape()));
    }

    void run(Slab<A> g, int matrix) {
      long atLeft = (long) matrix * rows * in;
      long atRight = (long) matrix * in * out;
      long atG = (long) matrix * rows * out;
      if (toRight != null) {
        new MatrixProduct(true, false, in, out, rows)
            .run(precision, scaled, atLeft, g, atG, toRight.beta(), toRight.slab(), atRight);
      }
      if (pulled == null) {
        return;
      }
      new MatrixProduct(false, true, rows, in, out)
          .run(precision, g, atG, slab(term.right), atRight, 0, pulled, atLeft);
      try (Scratch<A> scratch = precision.scratch()) {
        A t = scratch.take(rows * in);
        pulled.load(atLeft, t, 0, rows * in);
        if (term.factors != null) {
          A x = scratch.take(rows * in);
          A own = scratch.take(rows);
          A factors = scratch.take(rows);
          slab(term.left).load(atLeft, x, 0, rows * in);
          slab(term.factors).load((long) matrix * rows, factors, 0, rows);
          for (int j = 0; j < rows; j++) {
            kernels.set(own, j, kernels.dot(t, j * in, x, j * in, in));
            kernels.affine(kernels.get(factors, j), t, j * in, 0, t, j * in, in);
          }
          if (toFactors != null) {
            toFactors.put(precision, (long) matrix * rows, own, rows);
          }
        }
        if (toLeft != null) {
          toLeft.put(precision, atLeft, t, rows * in);
        }
      }
    }
  }
}
