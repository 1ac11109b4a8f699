package io.sequencezoo.core.dynamics;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Blas;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The LSTM over a whole sequence as one tape operation: groups of rows run through time on their
 * own, with the recurrent weight packed once for all steps. Backward runs the groups in reverse and
 * leaves the weight's gradient to one product over all steps.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class LstmScan<A> {
  /** Rows that share a pass over the packed weight when there are enough for several tasks. */
  private static final int GROUP = 4;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final INDArray x;
  private final INDArray w;
  private final INDArray h0;
  private final INDArray c0;
  private final int[] lengths;
  private final int batch;
  private final int steps;
  private final int hidden;
  private final int gates;
  private final int group;

  private INDArray y;
  private INDArray savedGates;
  private INDArray savedCells;
  private INDArray savedTanh;

  private LstmScan(
      Precision<A> precision, INDArray x, INDArray w, INDArray h0, INDArray c0, int[] lengths) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.x = x;
    this.w = w;
    this.h0 = h0;
    this.c0 = c0;
    this.batch = (int) x.size(0);
    this.steps = (int) x.size(1);
    this.gates = (int) x.size(2);
    this.hidden = gates / 4;
    this.lengths = lengths != null ? lengths.clone() : new int[batch];
    if (lengths == null) {
      Arrays.fill(this.lengths, steps);
    }
    // Two groups at least, since two threads that each read the weight beat one that does so once.
    this.group = Math.max(1, Math.min(GROUP, (batch + 1) / 2));
  }

  /** Returns outputs {@code [B, T, H]} and the last hidden and cell state {@code [B, H]}. */
  static Variable[] scan(
      Tape tape, Variable x, Variable w, Variable h0, Variable c0, int[] lengths) {
    return scan(tape, Precision.of(x.value()), x, w, h0, c0, lengths);
  }

  private static <A> Variable[] scan(
      Tape tape,
      Precision<A> precision,
      Variable x,
      Variable w,
      Variable h0,
      Variable c0,
      int[] lengths) {
    LstmScan<A> scan =
        new LstmScan<>(precision, x.value(), w.value(), h0.value(), c0.value(), lengths);
    INDArray[] outputs = scan.forward(tape, tape.needsPullback(x, w, h0, c0));
    return tape.record(outputs, scan::backward, x, w, h0, c0);
  }

  private INDArray[] forward(Tape tape, boolean save) {
    DataType type = precision.type();
    y = tape.allocate(type, batch, steps, hidden);
    INDArray lastHidden = tape.allocate(type, batch, hidden);
    INDArray lastCell = tape.allocate(type, batch, hidden);
    if (save) {
      savedGates = tape.allocate(type, batch, steps, gates);
      savedCells = tape.allocate(type, batch, steps, hidden);
      savedTanh = tape.allocate(type, batch, steps, hidden);
    }
    try (Scratch<A> scratch = precision.scratch()) {
      A packed = pack(scratch, false);
      Parallel.ranges(
          batch,
          group,
          (from, to) -> forwardRows((int) from, (int) to, packed, lastHidden, lastCell));
    }
    return new INDArray[] {y, lastHidden, lastCell};
  }

  private void forwardRows(int from, int to, A packed, INDArray lastHidden, INDArray lastCell) {
    int rows = to - from;
    Slab<A> input = precision.slab(x);
    Slab<A> output = precision.slab(y);
    Slab<A> gateOut = savedGates == null ? null : precision.slab(savedGates);
    Slab<A> cellOut = savedGates == null ? null : precision.slab(savedCells);
    Slab<A> tanhOut = savedGates == null ? null : precision.slab(savedTanh);
    try (Scratch<A> scratch = precision.scratch()) {
      A gate = scratch.take(rows * gates);
      A h = scratch.take(rows * hidden);
      A c = scratch.take(rows * hidden);
      A tanh = scratch.take(hidden);
      precision.slab(h0).load((long) from * hidden, h, 0, rows * hidden);
      precision.slab(c0).load((long) from * hidden, c, 0, rows * hidden);
      int last = longest(from, to);
      for (int t = 0; t < last; t++) {
        input.loadRows(at(from, t) * gates, (long) steps * gates, gate, 0, rows, gates);
        kernels.gemmPacked(rows, gates, hidden, h, 0, hidden, packed, 1, gate, 0, gates);
        for (int r = 0; r < rows; r++) {
          if (t >= lengths[from + r]) {
            continue;
          }
          int ho = r * hidden;
          kernels.lstmCell(gate, r * gates, c, ho, c, ho, tanh, 0, h, ho, hidden);
          long position = at(from + r, t);
          output.store(position * hidden, h, ho, hidden);
          if (gateOut != null) {
            gateOut.store(position * gates, gate, r * gates, gates);
            cellOut.store(position * hidden, c, ho, hidden);
            tanhOut.store(position * hidden, tanh, 0, hidden);
          }
        }
      }
      precision.slab(lastHidden).store((long) from * hidden, h, 0, rows * hidden);
      precision.slab(lastCell).store((long) from * hidden, c, 0, rows * hidden);
      kernels.fill(tanh, 0, hidden, 0);
      for (int b = from; b < to; b++) {
        clear(output, b, hidden, tanh);
      }
    }
  }

  private void backward(Cotangents cotangents) {
    Tape tape = cotangents.tape();
    DataType type = precision.type();
    INDArray gx = tape.allocate(type, batch, steps, gates);
    INDArray before = tape.allocate(type, batch, steps, hidden);
    INDArray gh0 = tape.allocate(type, batch, hidden);
    INDArray gc0 = tape.allocate(type, batch, hidden);
    try (Scratch<A> scratch = precision.scratch()) {
      A packed = pack(scratch, true);
      Parallel.ranges(
          batch,
          group,
          (from, to) -> {
            shiftRows((int) from, (int) to, before);
            new Backward(cotangents, gx, gh0, gc0).rows((int) from, (int) to, packed);
          });
    }
    if (cotangents.needs(1)) {
      Cotangents.Sink sink = cotangents.sink(1);
      Blas.gemm(
          true,
          false,
          hidden,
          gates,
          batch * steps,
          1,
          precision.slab(before),
          0,
          hidden,
          precision.slab(gx),
          0,
          gates,
          sink.beta(),
          precision.slab(sink.array()),
          0,
          gates);
    }
    cotangents.add(0, gx);
    cotangents.add(2, gh0);
    cotangents.add(3, gc0);
  }

  /** {@code before_t = h_{t-1}}, zero at padded positions: what the weight multiplied. */
  private void shiftRows(int from, int to, INDArray before) {
    Slab<A> source = precision.slab(y);
    Slab<A> target = precision.slab(before);
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(hidden);
      for (int b = from; b < to; b++) {
        for (int t = 0; t < lengths[b]; t++) {
          if (t == 0) {
            precision.slab(h0).load((long) b * hidden, tile, 0, hidden);
          } else {
            source.load(at(b, t - 1) * hidden, tile, 0, hidden);
          }
          target.store(at(b, t) * hidden, tile, 0, hidden);
        }
        kernels.fill(tile, 0, hidden, 0);
        clear(target, b, hidden, tile);
      }
    }
  }

  private A pack(Scratch<A> scratch, boolean transpose) {
    A weight = scratch.take(hidden * gates);
    precision.slab(w).load(0, weight, 0, hidden * gates);
    int n = transpose ? hidden : gates;
    int k = transpose ? gates : hidden;
    A packed = scratch.take(kernels.packedLength(n, k));
    kernels.packB(transpose, n, k, weight, 0, gates, packed);
    return packed;
  }

  private void clear(Slab<A> target, int row, int width, A zeros) {
    for (int t = lengths[row]; t < steps; t++) {
      target.store(at(row, t) * width, zeros, 0, width);
    }
  }

  private long at(int row, int t) {
    return (long) row * steps + t;
  }

  private int longest(int from, int to) {
    return Arrays.stream(lengths, from, to).max().orElse(0);
  }

  /** The reverse pass of one group of rows. */
  private final class Backward {
    private final Cotangents cotangents;
    private final Slab<A> gx;
    private final Slab<A> gh0;
    private final Slab<A> gc0;
    private final Slab<A> gy;
    private final Slab<A> gateIn = precision.slab(savedGates);
    private final Slab<A> cellIn = precision.slab(savedCells);
    private final Slab<A> tanhIn = precision.slab(savedTanh);

    Backward(Cotangents cotangents, INDArray gx, INDArray gh0, INDArray gc0) {
      this.cotangents = cotangents;
      this.gx = precision.slab(gx);
      this.gh0 = precision.slab(gh0);
      this.gc0 = precision.slab(gc0);
      this.gy = cotangents.output(0) == null ? null : precision.slab(cotangents.output(0));
    }

    void rows(int from, int to, A packed) {
      int rows = to - from;
      try (Scratch<A> scratch = precision.scratch()) {
        A gGate = scratch.zeros(rows * gates);
        A gh = scratch.take(rows * hidden);
        A gc = scratch.take(rows * hidden);
        A back = scratch.take(rows * hidden);
        A saved = scratch.take(gates + 2 * hidden);
        loadOrZeros(1, from, rows, gh);
        loadOrZeros(2, from, rows, gc);
        for (int t = longest(from, to) - 1; t >= 0; t--) {
          for (int r = 0; r < rows; r++) {
            if (t < lengths[from + r]) {
              cell(from, r, t, gh, gc, gGate, saved);
            }
          }
          kernels.gemmPacked(rows, hidden, gates, gGate, 0, gates, packed, 0, back, 0, hidden);
          for (int r = 0; r < rows; r++) {
            if (t < lengths[from + r]) {
              kernels.copy(back, r * hidden, gh, r * hidden, hidden);
            }
          }
        }
        gh0.store((long) from * hidden, gh, 0, rows * hidden);
        gc0.store((long) from * hidden, gc, 0, rows * hidden);
        kernels.fill(gGate, 0, gates, 0);
        for (int b = from; b < to; b++) {
          clear(gx, b, gates, gGate);
        }
      }
    }

    private void cell(int from, int r, int t, A gh, A gc, A gGate, A saved) {
      int b = from + r;
      int ho = r * hidden;
      int tanh = gates;
      int cell = gates + hidden;
      long position = at(b, t);
      if (gy != null) {
        gy.load(position * hidden, saved, cell, hidden);
        kernels.add(gh, ho, saved, cell, gh, ho, hidden);
      }
      gateIn.load(position * gates, saved, 0, gates);
      tanhIn.load(position * hidden, saved, tanh, hidden);
      if (t > 0) {
        cellIn.load((position - 1) * hidden, saved, cell, hidden);
      } else {
        precision.slab(c0).load((long) b * hidden, saved, cell, hidden);
      }
      kernels.lstmCellPullback(
          saved, 0, saved, cell, saved, tanh, gh, ho, gc, ho, gGate, r * gates, gc, ho, hidden);
      gx.store(position * gates, gGate, r * gates, gates);
    }

    private void loadOrZeros(int output, int from, int rows, A into) {
      INDArray cotangent = cotangents.output(output);
      if (cotangent == null) {
        kernels.fill(into, 0, rows * hidden, 0);
      } else {
        precision.slab(cotangent).load((long) from * hidden, into, 0, rows * hidden);
      }
    }
  }
}
