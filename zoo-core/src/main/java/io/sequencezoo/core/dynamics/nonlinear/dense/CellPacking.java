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
  private final int[] cuts;
  private final boolean gatesTouch;

  /**
   * Plans the tiles of a part in arrays of this scratch; {@link #fill} fills them.
   *
   * @param cuts the units where parts begin, and their end
   * @param part whose units these are
   * @param gatesTouch whether neighbouring gates lie side by side, for one product
   */
  CellPacking(
      Precision<A> precision,
      CellLayout layout,
      int heads,
      INDArray[] weights,
      boolean transposed,
      int[] cuts,
      int part,
      boolean gatesTouch,
      Scratch<A> scratch) {
    this.precision = precision;
    this.hidden = (int) weights[0].size(0);
    this.block = hidden / heads;
    this.weights = weights;
    this.transposed = transposed;
    this.cuts = cuts;
    this.gatesTouch = gatesTouch && heads == 1;
    for (CellLayout.Stage stage : layout.stages()) {
      int[] targets = stage.targets();
      int from = cuts[part];
      int to = cuts[part + 1];
      stages.add(
          transposed ? backward(targets, from, to, scratch) : forward(targets, from, to, scratch));
    }
  }

  /** The packing of all units in one part whose gates touch. */
  static <A> CellPacking<A> whole(
      Precision<A> precision,
      CellLayout layout,
      int heads,
      INDArray[] weights,
      boolean transposed,
      Scratch<A> scratch) {
    int[] cuts = {0, (int) weights[0].size(0)};
    return new CellPacking<>(precision, layout, heads, weights, transposed, cuts, 0, true, scratch);
  }

  /** The products of a stage. */
  List<Tile<A>> tiles(int stage) {
    return stages.get(stage);
  }

  private List<Tile<A>> forward(int[] targets, int from, int to, Scratch<A> scratch) {
    List<Tile<A>> tiles = new ArrayList<>();
    for (int head = from / block; head * block < to; head++) {
      int first = head * block;
      int left = Math.max(from, first);
      int width = Math.min(to, first + block) - left;
      for (int g = 0; g < targets.length; ) {
        int run = gatesTouch ? run(targets, g) : 1;
        int column = g * block + left - first;
        A packed = room(run * width, block, scratch);
        tiles.add(
            new Tile<>(targets[g], 0, first, block, left, run * width, first, column, packed));
        g += run;
      }
    }
    return tiles;
  }

  /** Sums go over gates, over their units, in order, whatever the parts that hold them. */
  private List<Tile<A>> backward(int[] targets, int from, int to, Scratch<A> scratch) {
    List<Tile<A>> tiles = new ArrayList<>();
    for (int head = from / block; head * block < to; head++) {
      int first = head * block;
      int left = Math.max(from, first);
      int n = Math.min(to, first + block) - left;
      for (int g = 0; g < targets.length; ) {
        int run = gatesTouch ? run(targets, g) : 1;
        for (int part = 0; part < cuts.length - 1; part++) {
          int begin = Math.max(cuts[part], first);
          int k = run * (Math.min(cuts[part + 1], first + block) - begin);
          if (k > 0) {
            int column = g * block + begin - first;
            A packed = room(n, k, scratch);
            tiles.add(new Tile<>(targets[g], part, begin, k, left, n, left, column, packed));
          }
        }
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

  private A room(int n, int k, Scratch<A> scratch) {
    return scratch.take(precision.kernels().packedLength(n, k));
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
   * {@code C += A B}. Forward, A are k units of the operand from {@code from} on and C n numbers of
   * a gate from unit {@code left} on; backward, A are k numbers of a gate from {@code from} on,
   * which lie in a part, and C are n units of the state from {@code left} on.
   *
   * @param gate the gate, the first of several that touch
   * @param part whose units from {@code from} on are
   * @param row where the weight has B
   * @param column alike
   */
  record Tile<A>(
      int gate, int part, int from, int k, int left, int n, int row, int column, A packed) {
    void multiply(Kernels<A> kernels, int rows, A a, int ao, int lda, A c, int co, int ldc) {
      kernels.gemmPacked(rows, n, k, a, ao, lda, packed, 1, c, co, ldc);
    }
  }
}
