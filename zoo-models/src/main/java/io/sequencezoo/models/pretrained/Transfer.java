package io.sequencezoo.models.pretrained;

import io.sequencezoo.core.io.SafetensorsRewriter;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.models.pretrained.TensorMap.Piece;
import io.sequencezoo.models.pretrained.TensorMap.Role;
import io.sequencezoo.models.pretrained.TensorMap.Run;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Moves the numbers of one public tensor to parameters or back, some rows at a time: each number is
 * read once and written once, and blocks fit the second-level cache.
 */
final class Transfer {
  /** Numbers of a block. */
  private static final int BLOCK = 1 << 16;

  private final TensorMap map;
  private final List<Slab<float[]>> parameters;
  private final Kernels<float[]> kernels = Precision.FLOAT.kernels();
  private final float[] block;
  private final float[] turned;

  /**
   * A transfer.
   *
   * @param values gives the values of a parameter in single precision, contiguous
   */
  Transfer(Binding.Bound bound, Function<String, INDArray> values) {
    this.map = bound.map();
    this.parameters =
        bound.parameters().stream()
            .map(name -> name == null ? null : Precision.FLOAT.slab(values.apply(name)))
            .collect(Collectors.toCollection(ArrayList::new));
    int size = rowsAtOnce() * map.columns();
    this.block = new float[size];
    this.turned = new float[size];
  }

  private int rowsAtOnce() {
    return (int) Math.max(1, Math.min(map.rows(), BLOCK / Math.max(1, map.columns())));
  }

  /** The numbers of a tensor. */
  @FunctionalInterface
  interface Numbers {
    /** Puts n numbers from position {@code at} into the beginning of an array. */
    void read(long at, float[] into, int n) throws IOException;
  }

  /** From a tensor to the parameters. */
  void read(Numbers from) throws IOException {
    int step = rowsAtOnce();
    for (long row = 0; row < map.rows(); row += step) {
      int rows = (int) Math.min(step, map.rows() - row);
      from.read(row * map.columns(), block, rows * map.columns());
      move(row, rows, this::store);
    }
  }

  /**
   * From the parameters to a file.
   *
   * @param before the tensor's numbers, for what is no parameter's; null for zeros
   */
  void write(float[] before, SafetensorsRewriter.Sink to) throws IOException {
    int step = rowsAtOnce();
    for (long row = 0; row < map.rows(); row += step) {
      int rows = (int) Math.min(step, map.rows() - row);
      int n = rows * map.columns();
      if (before == null) {
        Arrays.fill(block, 0, n, 0);
      } else {
        System.arraycopy(before, (int) row * map.columns(), block, 0, n);
      }
      move(row, rows, this::load);
      to.put(block, 0, n);
    }
  }

  /** Rows of a piece that are in the block. */
  @FunctionalInterface
  private interface Move {
    /**
     * Moves some rows.
     *
     * @param at where the first number of the piece is in the block
     * @param to the piece's first row
     */
    void rows(Piece piece, int at, long to, int rows);
  }

  private void move(long row, int rows, Move move) {
    for (Piece piece : map.pieces()) {
      for (Run run : piece.runs()) {
        long first = Math.max(row, run.row());
        long end = Math.min(row + rows, run.row() + run.count());
        if (first < end) {
          int at = (int) (first - row) * map.columns() + piece.column();
          move.rows(piece, at, run.to() + first - run.row(), (int) (end - first));
        }
      }
    }
  }

  private void store(Piece piece, int at, long to, int rows) {
    Slab<float[]> slab = parameters.get(piece.parameter());
    if (piece.isLossy()) {
      for (int r = 0; r < rows; r++) {
        int from = at + r * map.columns();
        float[] own = new float[piece.width()];
        long where = (to + r) * piece.width();
        if (piece.role() != Role.ALONE) {
          slab.load(where, own, 0, own.length);
        }
        for (int c = 0; c < own.length; c++) {
          own[c] += block[from + c] + piece.shift();
        }
        slab.store(where, own, 0, own.length);
      }
    } else if (piece.transposed()) {
      kernels.transpose(rows, piece.width(), block, at, map.columns(), turned, 0, rows);
      slab.storeRows(to, piece.height(), turned, 0, piece.width(), rows);
    } else if (piece.width() == map.columns()) {
      slab.store(to * piece.width(), block, at, rows * piece.width());
    } else {
      for (int r = 0; r < rows; r++) {
        slab.store((to + r) * piece.width(), block, at + r * map.columns(), piece.width());
      }
    }
  }

  private void load(Piece piece, int at, long to, int rows) {
    Slab<float[]> slab = parameters.get(piece.parameter());
    if (piece.transposed()) {
      slab.loadRows(to, piece.height(), turned, 0, piece.width(), rows);
      kernels.transpose(piece.width(), rows, turned, 0, rows, block, at, map.columns());
      return;
    }
    for (int r = 0; r < rows; r++) {
      int from = at + r * map.columns();
      if (piece.role() == Role.OTHER_ADDEND) {
        Arrays.fill(block, from, from + piece.width(), 0);
        continue;
      }
      slab.load((to + r) * piece.width(), block, from, piece.width());
      for (int c = 0; c < piece.width() && piece.shift() != 0; c++) {
        block[from + c] -= piece.shift();
      }
    }
  }
}
