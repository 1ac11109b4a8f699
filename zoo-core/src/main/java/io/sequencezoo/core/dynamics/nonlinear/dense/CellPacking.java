package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The recurrent weights as a range of units reads them, packed once for all steps: forward the
 * columns that lead to these units, backward the rows that come from them.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class CellPacking<A> {
  /** Tiles of each stage. */
  private final List<List<Tile<A>>> stages = new ArrayList<>();

  private final Precision<A> precision;
  private final int hidden;
  private final int block;
  private final INDArray[] weights;
  private final boolean transposed;

  /**
   * Plans the tiles of units {@code from} to {@code to - 1} in arrays of this scratch; {@link
   * #fill} fills them.
   */
  CellPacking(
      Precision<A> precision,
      CellLayout layout,
      int heads,
      INDArray[] weights,
      boolean transposed,
      int from,
      int to,
      Scratch<A> scratch) {
    this.precision = precision;
    this.hidden = (int) weights[0].size(0);
    this.block = hidden / heads;
    this.weights = weights;
    this.transposed = transposed;
    for (CellLayout.Stage stage : layout.stages()) {
      stages.add(
          transposed ? backward(stage, from, to, scratch) : forward(stage, from, to, scratch));
    }
  }

  /** The products of a stage. */
  List<Tile<A>> tiles(int stage) {
    return stages.get(stage);
  }

  private List<Tile<A>> forward(CellLayout.Stage stage, int from, int to, Scratch<A> scratch) {
    List<Tile<A>> tiles = new ArrayList<>();
    int[] targets = stage.targets();
    boolean whole = block == hidden && to - from == hidden;
    for (int head = from / block; head * block < to; head++) {
      int left = Math.max(from, head * block);
      int width = Math.min(to, (head + 1) * block) - left;
      for (int g = 0; g < targets.length; ) {
        int run = whole ? run(targets, g) : 1;
        tiles.add(
            tile(
                stage.operand() * hidden + head * block,
                block,
                targets[g] * hidden + left,
                run * width,
                head * block,
                g * block + left - head * block,
                scratch));
        g += run;
      }
    }
    return tiles;
  }

  private List<Tile<A>> backward(CellLayout.Stage stage, int from, int to, Scratch<A> scratch) {
    List<Tile<A>> tiles = new ArrayList<>();
    int[] targets = stage.targets();
    for (int head = from / block; head * block < to; head++) {
      int left = Math.max(from, head * block);
      int width = Math.min(to, (head + 1) * block) - left;
      for (int g = 0; g < targets.length; ) {
        int run = block == hidden ? run(targets, g) : 1;
        tiles.add(
            tile(
                targets[g] * hidden + head * block,
                run * block,
                stage.source() * hidden + left,
                width,
                left,
                g * block,
                scratch));
        g += run;
      }
    }
    return tiles;
  }

  /** How many gates from index g on lie side by side. */
  static int run(int[] targets, int g) {
    int run = 1;
    while (g + run < targets.length && targets[g + run] == targets[g] + run) {
      run++;
    }
    return run;
  }

  private Tile<A> tile(int a, int k, int c, int n, int row, int column, Scratch<A> scratch) {
    return new Tile<>(
        a, k, c, n, row, column, scratch.take(precision.kernels().packedLength(n, k)));
  }

  /** Copies the weights into the tiles. */
  void fill() {
    Kernels<A> kernels = precision.kernels();
    for (int s = 0; s < stages.size(); s++) {
      Slab<A> weight = precision.slab(weights[s]);
      int columns = (int) weights[s].size(1);
      for (Tile<A> tile : stages.get(s)) {
        try (Scratch<A> scratch = precision.scratch()) {
          A part = scratch.take(tile.n * tile.k);
          int rows = transposed ? tile.n : tile.k;
          int width = transposed ? tile.k : tile.n;
          weight.loadRows((long) tile.row * columns + tile.column, columns, part, 0, rows, width);
          kernels.packB(transposed, tile.n, tile.k, part, 0, width, tile.packed);
        }
      }
    }
  }

  /**
   * {@code C += A B}: columns {@code a} to {@code a + k} of a row on the left, {@code c} to {@code
   * c + n} of one on the right, and where the weight has B.
   */
  record Tile<A>(int a, int k, int c, int n, int row, int column, A packed) {
    void multiply(Kernels<A> kernels, int rows, A from, int lda, A into, int ldc) {
      kernels.gemmPacked(rows, n, k, from, a, lda, packed, 1, into, c, ldc);
    }
  }
}
