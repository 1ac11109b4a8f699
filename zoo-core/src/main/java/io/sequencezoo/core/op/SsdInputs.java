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
import io.sequencezoo.core.shape.Shapes;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * From what Mamba-2's convolution puts out to the coefficients of its recurrence, in one pass over
 * memory.
 *
 * <pre>{@code
 * [x, B, C] = u                              x: [B, T, H P]; B, C: [B, T, G N]
 * Δ = clamp(softplus(raw + bias))            [B, T, H]
 * v = Δ x        g = -Δ e^{a}                values and log decay
 * }</pre>
 *
 * <p>At a limit of the clamp the gradient of Δ is zero.
 */
public final class SsdInputs {
  private SsdInputs() {}

  /**
   * Sizes and limits.
   *
   * @param heads H
   * @param headWidth P
   * @param groups G
   * @param states N
   * @param low smallest Δ
   * @param high largest Δ, may be infinite
   */
  public record Shape(int heads, int headWidth, int groups, int states, double low, double high) {
    int inner() {
      return heads * headWidth;
    }

    int groupWidth() {
      return groups * states;
    }

    int width() {
      return inner() + 2 * groupWidth();
    }
  }

  /**
   * The coefficients.
   *
   * @param u {@code [B, T, H P + 2 G N]}
   * @param raw {@code [B, T, H]}
   * @param bias {@code [H]}
   * @param logRate a, {@code [H]}
   * @return v {@code [B, T, H, P]}, B and C {@code [B, T, G, N]}, g {@code [B, T, H]}
   */
  public static Variable[] apply(
      Tape tape, Variable u, Variable raw, Variable bias, Variable logRate, Shape shape) {
    Shapes.check("ssd inputs", u.operand(), "BTF", -1, -1, shape.width());
    Shapes.check("ssd steps", raw.operand(), "BTH", u.size(0), u.size(1), shape.heads());
    Shapes.check("ssd bias", bias.operand(), "H", shape.heads());
    Shapes.check("ssd rates", logRate.operand(), "H", shape.heads());
    checkArgument(
        shape.low() >= 0 && shape.low() < shape.high(),
        "ssd: limits of the step must be 0 <= low < high, got %s and %s",
        shape.low(),
        shape.high());
    Tiles.checkSameType("ssd inputs", u, raw, bias, logRate);
    return new Application<>(Precision.of(u.type()), u, raw, bias, logRate, shape).record(tape);
  }

  private record Application<A>(
      Precision<A> precision,
      Variable u,
      Variable raw,
      Variable bias,
      Variable logRate,
      Shape shape) {
    private long rows() {
      return Tiles.rows(u, shape.width());
    }

    Variable[] record(Tape tape) {
      Kernels<A> kernels = precision.kernels();
      int heads = shape.heads();
      int p = shape.headWidth();
      int inner = shape.inner();
      int group = shape.groupWidth();
      long b = u.size(0);
      long t = u.size(1);
      INDArray v = tape.allocate(u.type(), b, t, heads, p);
      INDArray writes = tape.allocate(u.type(), b, t, shape.groups(), shape.states());
      INDArray reads = tape.allocate(u.type(), b, t, shape.groups(), shape.states());
      INDArray g = tape.allocate(u.type(), b, t, heads);
      Slab<A> us = precision.slab(u.operand());
      Slab<A> vs = precision.slab(v);
      Slab<A> ws = precision.slab(writes);
      Slab<A> rs = precision.slab(reads);
      Slab<A> gs = precision.slab(g);
      Parallel.ranges(
          rows(),
          Tiles.taskRows(shape.width()),
          (from, end) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              Step<A> step = new Step<>(this, scratch);
              A row = scratch.take(shape.width());
              for (long r = from; r < end; r++) {
                us.load(r * shape.width(), row, 0, shape.width());
                step.load(r);
                for (int h = 0; h < heads; h++) {
                  kernels.affine(kernels.get(step.delta, h), row, h * p, 0, row, h * p, p);
                }
                kernels.multiply(step.delta, 0, step.rate, 0, step.spare, 0, heads);
                vs.store(r * inner, row, 0, inner);
                ws.store(r * group, row, inner, group);
                rs.store(r * group, row, inner + group, group);
                gs.store(r * heads, step.spare, 0, heads);
              }
            }
          });
      return tape.record(
          new INDArray[] {v, writes, reads, g}, this::pullback, u, raw, bias, logRate);
    }

    private void pullback(Cotangents cotangents) {
      Kernels<A> kernels = precision.kernels();
      int heads = shape.heads();
      int inner = shape.inner();
      int group = shape.groupWidth();
      Slab<A> us = precision.slab(u.operand());
      Slab<A> gv = precision.slab(cotangents.outputOrZeros(0));
      Slab<A> gw = precision.slab(cotangents.outputOrZeros(1));
      Slab<A> gr = precision.slab(cotangents.outputOrZeros(2));
      Slab<A> gg = precision.slab(cotangents.outputOrZeros(3));
      Tiles.Target<A> gu = Tiles.target(precision, cotangents, 0);
      Tiles.Target<A> gRaw = Tiles.target(precision, cotangents, 1);
      Partials.run(
          precision,
          rows(),
          Tiles.taskRows(shape.width()),
          heads,
          Tiles.target(precision, cotangents, 2),
          Tiles.target(precision, cotangents, 3),
          (from, end, sumBias, sumRate) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              Step<A> step = new Step<>(this, scratch);
              A row = scratch.take(shape.width());
              A gRow = scratch.take(shape.width());
              A g = scratch.take(heads);
              for (long r = from; r < end; r++) {
                us.load(r * shape.width(), row, 0, inner);
                gv.load(r * inner, gRow, 0, inner);
                gw.load(r * group, gRow, inner, group);
                gr.load(r * group, gRow, inner + group, group);
                gg.load(r * heads, g, 0, heads);
                step.load(r);
                step.pullback(row, gRow, g, sumBias, sumRate);
                if (gu != null) {
                  gu.put(kernels, r * shape.width(), gRow, 0, row, shape.width());
                }
                if (gRaw != null) {
                  gRaw.put(kernels, r * heads, g, 0, step.spare, heads);
                }
              }
            }
          });
    }
  }

  /** Δ of one position and its pullback. */
  private static final class Step<A> {
    private final Shape shape;
    private final Kernels<A> kernels;
    private final Slab<A> raws;
    private final A bias;

    /** {@code -e^a}. */
    private final A rate;

    private final A pre;
    private final A delta;
    private final A spare;

    Step(Application<A> of, Scratch<A> scratch) {
      this.shape = of.shape;
      int heads = shape.heads();
      this.kernels = of.precision.kernels();
      this.raws = of.precision.slab(of.raw.operand());
      this.bias = Norms.vector(of.precision, scratch, of.bias);
      this.rate = Norms.vector(of.precision, scratch, of.logRate);
      kernels.map(Unary.EXP, rate, 0, rate, 0, heads);
      kernels.affine(-1, rate, 0, 0, rate, 0, heads);
      this.pre = scratch.take(heads);
      this.delta = scratch.take(heads);
      this.spare = scratch.take(heads);
    }

    void load(long row) {
      int heads = shape.heads();
      raws.load(row * heads, pre, 0, heads);
      kernels.add(pre, 0, bias, 0, pre, 0, heads);
      kernels.map(Unary.SOFTPLUS, pre, 0, delta, 0, heads);
      for (int h = 0; h < heads; h++) {
        double d = kernels.get(delta, h);
        kernels.set(delta, h, Math.min(shape.high(), Math.max(shape.low(), d)));
      }
    }

    /**
     * From the gradients of v, in gRow, and of g: gRow becomes that of u, g that of raw; adds to
     * those of bias and a.
     */
    void pullback(A row, A gRow, A g, A sumBias, A sumRate) {
      int p = shape.headWidth();
      for (int h = 0; h < shape.heads(); h++) {
        double d = kernels.get(delta, h);
        double gg = kernels.get(g, h);
        double along = kernels.dot(row, h * p, gRow, h * p, p);
        kernels.affine(d, gRow, h * p, 0, gRow, h * p, p);
        double logDecay = d * kernels.get(rate, h);
        kernels.set(sumRate, h, kernels.get(sumRate, h) + gg * logDecay);
        // Written so that NaN is free.
        boolean free = !(d <= shape.low() || d >= shape.high());
        double gDelta = free ? along + gg * kernels.get(rate, h) : 0;
        double z = kernels.get(pre, h);
        double sigma = z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
        kernels.set(g, h, gDelta * sigma);
        kernels.set(sumBias, h, kernels.get(sumBias, h) + gDelta * sigma);
      }
    }
  }
}
