package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.vector.GatedDrive.ReadOut;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import io.sequencezoo.core.kernel.Unary;
import io.sequencezoo.core.op.Gate;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The element-wise scan over whole sequences, with the gates before it and the read-outs behind it,
 * as one tape operation.
 *
 * <pre>{@code
 * a_t, x_t = gate(inputs_t)        y_t = h_t f(z_t)
 * h_t = a_t h_{t-1} + x_t          G_t = gy_t f(z_t) + a_{t+1} G_{t+1}
 *                                  gx_t = G_t    ga_t = G_t h_{t-1}    gz_t = gy_t h_t f'(z_t)
 * }</pre>
 *
 * <p>Tasks are rows times tiles of channels, and run block by block: so many steps as lie on the
 * heap. Kept for backward is the state before every block. The associative scan cuts time as well,
 * in two passes: each chunk first sums itself up as {@code h -> P h + E}, the sums are chained, and
 * each chunk then runs from its true start. It calculates a and x twice, so that it pays where rows
 * and channels alone don't fill the processors.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class ElementwiseScan<A> {
  /** With fewer tasks than this, AUTO cuts time too. */
  private static final int FEW_TASKS = 2;

  /** Steps below which chaining chunks costs more than it saves. */
  private static final int LONG = 2048;

  private static final int SHORTEST_CHUNK = 16;

  /** Channels of a tile: with more, blocks are short, and the states kept before them many. */
  private static final int WIDEST = 256;

  private final Precision<A> precision;
  private final Kernels<A> kernels;
  private final GatedDrive drive;
  private final ScanGrid grid;
  private final int[] lengths;
  private final List<Slab<A>> inputs;
  private final List<Slab<A>> vectors;
  private final List<Slab<A>> readOuts;
  private final Slab<A> initial;
  private Slab<A> kept;

  ElementwiseScan(
      Precision<A> precision, Solver solver, GatedDrive drive, Variable h0, int[] lengths) {
    this.precision = precision;
    this.kernels = precision.kernels();
    this.drive = drive;
    this.grid = grid(solver, drive.like());
    this.lengths = lengths;
    this.inputs = slabs(drive.inputs());
    this.vectors = slabs(drive.vectors());
    this.readOuts = slabs(drive.readOuts().stream().map(ReadOut::logits).toList());
    this.initial = h0 == null ? null : precision.slab(h0.value());
  }

  private static ScanGrid grid(Solver solver, Variable x) {
    ScanGrid channels = ScanGrid.ofChannels(x.size(0), x.size(1), x.size(2)).narrowed(WIDEST);
    boolean cutsTime =
        solver == Solver.ASSOCIATIVE_SCAN
            || (solver == Solver.AUTO && channels.tasks() < FEW_TASKS && x.size(1) >= LONG);
    return cutsTime ? channels.inTime(SHORTEST_CHUNK) : channels;
  }

  private List<Slab<A>> slabs(List<Variable> variables) {
    return variables.stream().map(v -> precision.slab(v.value())).toList();
  }

  /** Outputs {@code [B, T, D]} and the last state {@code [B, D]}. */
  Variable[] record(Tape tape, Variable h0) {
    Variable like = drive.like();
    INDArray y = tape.allocate(like.type(), like.shape());
    INDArray last = tape.allocate(like.type(), grid.batch(), grid.channels());
    long blocks = (long) grid.batch() * grid.chunks() * blocks();
    kept = precision.slab(tape.allocate(like.type(), blocks, grid.channels()));
    forward(precision.slab(y), precision.slab(last));
    List<Variable> all = new ArrayList<>(drive.inputs());
    all.addAll(drive.vectors());
    drive.readOuts().forEach(readOut -> all.add(readOut.logits()));
    all.add(h0);
    return tape.record(new INDArray[] {y, last}, this::backward, all.toArray(Variable[]::new));
  }

  private void forward(Slab<A> ys, Slab<A> lasts) {
    try (Scratch<A> scratch = precision.scratch()) {
      A starts = scratch.take(grid.batch() * grid.chunks() * grid.channels());
      loadRows(initial, starts, 0);
      if (grid.chunks() > 1) {
        A products = scratch.take(grid.batch() * grid.chunks() * grid.channels());
        Parallel.run(grid.tasks(), task -> sumUp(task, starts, products));
        for (int b = 0; b < grid.batch(); b++) {
          for (int c = 1; c < grid.chunks(); c++) {
            int at = (b * grid.chunks() + c) * grid.channels();
            int before = at - grid.channels();
            kernels.multiplyAdd(products, before, starts, before, starts, at, grid.channels());
          }
        }
      }
      Parallel.run(grid.tasks(), task -> run(task, starts, ys, lasts));
    }
  }

  /** One row of {@code [B, D]} after the other into one chunk of each row; zeros for null. */
  private void loadRows(Slab<A> from, A into, int chunk) {
    int n = grid.channels();
    for (int b = 0; b < grid.batch(); b++) {
      int at = (b * grid.chunks() + chunk) * n;
      if (from == null) {
        kernels.fill(into, at, n, 0);
      } else {
        from.load((long) b * n, into, at, n);
      }
    }
  }

  /** Where a task's chunk, or one beside it, keeps its sums. */
  private int sumAt(int task, int offset) {
    int chunk = grid.row(task) * grid.chunks() + grid.chunkOf(task) + offset;
    return chunk * grid.channels() + grid.firstChannel(task);
  }

  /** Blocks of a chunk. */
  private int blocks() {
    return (grid.chunk() + grid.block() - 1) / grid.block();
  }

  /** Where the state before the block from step t is kept. */
  private long keptAt(int task, int t) {
    long chunk = (long) grid.row(task) * grid.chunks() + grid.chunkOf(task);
    long block = chunk * blocks() + (t - grid.from(task)) / grid.block();
    return block * grid.channels() + grid.firstChannel(task);
  }

  /** The product of a chunk's decays, and what it leads to from zero, kept at the next chunk. */
  private void sumUp(int task, A starts, A products) {
    if (grid.chunkOf(task) == grid.chunks() - 1) {
      return;
    }
    int w = grid.channels(task);
    int to = grid.to(task, lengths[grid.row(task)]);
    int end = sumAt(task, 1);
    int product = sumAt(task, 0);
    try (Scratch<A> scratch = precision.scratch()) {
      Block block = new Block(task, scratch);
      kernels.fill(starts, end, w, 0);
      kernels.fill(products, product, w, 1);
      for (int t = grid.from(task); t < to; t += grid.block()) {
        block.load(t, Math.min(grid.block(), to - t));
        kernels.linearScan(block.a, block.x, starts, end, block.x, block.n, w);
        block.multiplyDecays(products, product);
      }
    }
  }

  private void run(int task, A starts, Slab<A> ys, Slab<A> lasts) {
    int w = grid.channels(task);
    int length = lengths[grid.row(task)];
    int to = grid.to(task, length);
    try (Scratch<A> scratch = precision.scratch()) {
      Block block = new Block(task, scratch);
      A h = scratch.take(w);
      kernels.copy(starts, sumAt(task, 0), h, 0, w);
      for (int t = grid.from(task); t < to; t += grid.block()) {
        block.load(t, Math.min(grid.block(), to - t));
        kept.store(keptAt(task, t), h, 0, w);
        kernels.linearScan(block.a, block.x, h, 0, block.x, block.n, w);
        block.loadReadOuts();
        block.read(block.x);
        grid.store(ys, task, t, block.x, block.n);
      }
      if (isLast(task, length)) {
        lasts.store(stateAt(task), h, 0, w);
      }
      clear(ys, task, to, block.x);
    }
  }

  /** Whether a task's chunk holds the last valid step of its row, or the row has none. */
  private boolean isLast(int task, int length) {
    return grid.chunkOf(task) == Math.max(0, (length - 1) / grid.chunk());
  }

  private long stateAt(int task) {
    return (long) grid.row(task) * grid.channels() + grid.firstChannel(task);
  }

  /** Zeros from step t to the end of the task. */
  private void clear(Slab<A> target, int task, int from, A tile) {
    int w = grid.channels(task);
    if (from < grid.end(task)) {
      kernels.fill(tile, 0, Math.min(grid.block(), grid.end(task) - from) * w, 0);
    }
    for (int t = from; t < grid.end(task); t += grid.block()) {
      grid.store(target, task, t, tile, Math.min(grid.block(), grid.end(task) - t));
    }
  }

  private void backward(Cotangents cotangents) {
    new Backward(cotangents).run();
  }

  /** What a task has on the heap: some steps of its channels. */
  private final class Block {
    private final int task;
    private final int w;
    private final List<A> inputTiles;
    private final List<A> vectorTiles;
    private final List<A> spares;
    private final List<A> coefficients;

    /** Decays. */
    private final A a;

    /** What is written; then the states that it leads to. */
    private final A x;

    private final List<A> logits;

    /** Of read-outs. */
    private final List<A> values;

    private int t;
    private int n;

    Block(int task, Scratch<A> scratch) {
      this.task = task;
      w = grid.channels(task);
      inputTiles = tiles(scratch, inputs.size());
      vectorTiles = new ArrayList<>();
      for (Slab<A> vector : vectors) {
        A tile = scratch.take(w);
        vector.load(grid.firstChannel(task), tile, 0, w);
        vectorTiles.add(tile);
      }
      spares = tiles(scratch, drive.gate().spares());
      coefficients = tiles(scratch, 2);
      a = coefficients.get(0);
      x = coefficients.get(1);
      logits = tiles(scratch, readOuts.size());
      values = tiles(scratch, readOuts.size());
    }

    List<A> tiles(Scratch<A> scratch, int count) {
      List<A> tiles = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        tiles.add(scratch.take(grid.block() * w));
      }
      return tiles;
    }

    int size() {
      return n * w;
    }

    /** The decays and what is written in some steps from one on. */
    void load(int from, int steps) {
      t = from;
      n = steps;
      for (int i = 0; i < inputs.size(); i++) {
        grid.load(inputs.get(i), task, t, inputTiles.get(i), n);
      }
      drive.gate().forward(tile(), coefficients);
      if (drive.gate().isLog()) {
        kernels.map(Unary.EXP, a, 0, a, 0, size());
      }
    }

    Gate.Tile<A> tile() {
      long first = (long) grid.row(task) * grid.steps() + t;
      return new Gate.Tile<>(kernels, inputTiles, vectorTiles, spares, first, n, w);
    }

    void loadReadOuts() {
      for (int i = 0; i < readOuts.size(); i++) {
        A z = logits.get(i);
        grid.load(readOuts.get(i), task, t, z, n);
        kernels.map(drive.readOuts().get(i).activation(), z, 0, values.get(i), 0, size());
      }
    }

    /** From h to y. */
    void read(A h) {
      for (A value : values) {
        kernels.multiply(h, 0, value, 0, h, 0, size());
      }
    }

    void multiplyDecays(A product, int at) {
      for (int i = 0; i < n; i++) {
        kernels.multiply(product, at, a, i * w, product, at, w);
      }
    }
  }

  /** Where a gradient goes: overwritten, or added to. */
  private final class Target {
    private final Slab<A> slab;
    private final boolean adds;

    Target(Cotangents.Sink sink) {
      slab = precision.slab(sink.array());
      adds = sink.beta() == 1;
    }

    void put(Block block, A tile, A spare) {
      if (adds) {
        grid.load(slab, block.task, block.t, spare, block.n);
        kernels.add(spare, 0, tile, 0, spare, 0, block.size());
        grid.store(slab, block.task, block.t, spare, block.n);
      } else {
        grid.store(slab, block.task, block.t, tile, block.n);
      }
    }
  }

  /** The reverse pass: the same cut, chained from the last chunk to the first. */
  private final class Backward {
    private final Cotangents cotangents;
    private final Slab<A> gy;
    private final Slab<A> gLast;
    private final INDArray gInitial;
    private final Slab<A> gInitials;
    private final List<Target> gReadOuts;
    private final List<Target> gInputs;

    Backward(Cotangents cotangents) {
      this.cotangents = cotangents;
      gy = cotangents.output(0) == null ? null : precision.slab(cotangents.output(0));
      gLast = cotangents.output(1) == null ? null : precision.slab(cotangents.output(1));
      gInitial = cotangents.tape().allocate(precision.type(), grid.batch(), grid.channels());
      gInitials = precision.slab(gInitial);
      // In the order of writing below, so that what drives and reads at once adds up.
      gReadOuts = targets(inputs.size() + vectors.size(), readOuts.size());
      gInputs = targets(0, inputs.size());
    }

    /** Null for what needs no gradient. */
    private List<Target> targets(int first, int count) {
      List<Target> targets = new ArrayList<>();
      for (int i = first; i < first + count; i++) {
        targets.add(cotangents.needs(i) ? new Target(cotangents.sink(i)) : null);
      }
      return targets;
    }

    void run() {
      try (Scratch<A> scratch = precision.scratch()) {
        A ends = scratch.take(grid.batch() * grid.chunks() * grid.channels());
        loadRows(gLast, ends, grid.chunks() - 1);
        if (grid.chunks() > 1) {
          A products = scratch.take(grid.batch() * grid.chunks() * grid.channels());
          Parallel.run(grid.tasks(), task -> sumUp(task, ends, products));
          for (int b = 0; b < grid.batch(); b++) {
            for (int c = grid.chunks() - 2; c >= 0; c--) {
              int at = (b * grid.chunks() + c) * grid.channels();
              int behind = at + grid.channels();
              kernels.multiplyAdd(products, behind, ends, behind, ends, at, grid.channels());
            }
          }
        }
        // Those of one vector after the other, of every chunk of every row.
        A sums =
            scratch.take(
                Math.max(1, vectors.size()) * grid.batch() * grid.chunks() * grid.channels());
        Parallel.run(grid.tasks(), task -> run(task, ends, sums));
        for (int i = 0; i < vectors.size(); i++) {
          sumVector(inputs.size() + i, sums, vectorAt(i));
        }
      }
      if (initial != null) {
        cotangents.add(inputs.size() + vectors.size() + readOuts.size(), gInitial);
      }
    }

    private int vectorAt(int vector) {
      return vector * grid.batch() * grid.chunks() * grid.channels();
    }

    /** Adds up rows and chunks in their order, so that threads don't change the result. */
    private void sumVector(int input, A sums, int from) {
      if (!cotangents.needs(input)) {
        return;
      }
      int d = grid.channels();
      for (int i = 1; i < grid.batch() * grid.chunks(); i++) {
        kernels.add(sums, from, sums, from + i * d, sums, from, d);
      }
      INDArray gradient = cotangents.tape().allocate(precision.type(), cotangents.shape(input));
      precision.slab(gradient).store(0, sums, from, d);
      cotangents.add(input, gradient);
    }

    private void loadCotangent(Block block, A into) {
      if (gy == null) {
        kernels.fill(into, 0, block.size(), 0);
      } else {
        grid.load(gy, block.task, block.t, into, block.n);
      }
    }

    /** The product of a chunk's decays, and what it sends back, kept at the chunk before. */
    private void sumUp(int task, A ends, A products) {
      if (grid.chunkOf(task) == 0) {
        return;
      }
      int w = grid.channels(task);
      int to = grid.to(task, lengths[grid.row(task)]);
      int start = sumAt(task, -1);
      int product = sumAt(task, 0);
      try (Scratch<A> scratch = precision.scratch()) {
        Block block = new Block(task, scratch);
        A g = scratch.take(grid.block() * w);
        // Decays get their gradients in the last pass; states of zero stay zero here.
        A unused = scratch.zeros(grid.block() * w);
        kernels.fill(ends, start, w, 0);
        kernels.fill(products, product, w, 1);
        for (int t = lastBlock(task, to); t >= grid.from(task); t -= grid.block()) {
          block.load(t, Math.min(grid.block(), to - t));
          block.loadReadOuts();
          loadCotangent(block, g);
          for (int i = readOuts.size() - 1; i >= 0; i--) {
            kernels.multiply(g, 0, block.values.get(i), 0, g, 0, block.size());
          }
          kernels.linearScanPullback(block.a, unused, g, ends, start, block.n, w);
          block.multiplyDecays(products, product);
        }
      }
    }

    /** The first step of the last block before a step; before that of the task if it has none. */
    private int lastBlock(int task, int to) {
      int from = grid.from(task);
      return from + Math.floorDiv(to - 1 - from, grid.block()) * grid.block();
    }

    private void run(int task, A ends, A sums) {
      int w = grid.channels(task);
      int to = grid.to(task, lengths[grid.row(task)]);
      try (Scratch<A> scratch = precision.scratch()) {
        Block block = new Block(task, scratch);
        A g = scratch.take(grid.block() * w);
        A before = scratch.take(grid.block() * w);
        A spare = scratch.take(grid.block() * w);
        A shown = scratch.take(grid.block() * w);
        A h = scratch.take(w);
        A carry = scratch.take(w);
        List<A> gradients = block.tiles(scratch, inputs.size());
        List<A> vectorSums = new ArrayList<>();
        for (int i = 0; i < vectors.size(); i++) {
          vectorSums.add(scratch.take(w));
          kernels.fill(sums, vectorAt(i) + sumAt(task, 0), w, 0);
        }
        kernels.copy(ends, sumAt(task, 0), carry, 0, w);
        for (int t = lastBlock(task, to); t >= grid.from(task); t -= grid.block()) {
          block.load(t, Math.min(grid.block(), to - t));
          kept.load(keptAt(task, t), h, 0, w);
          kernels.copy(h, 0, before, 0, w);
          kernels.linearScan(block.a, block.x, h, 0, block.x, block.n, w);
          kernels.copy(block.x, 0, before, w, block.size() - w);
          loadCotangent(block, g);
          readPullback(block, g, shown, spare);
          kernels.linearScanPullback(block.a, before, g, carry, 0, block.n, w);
          if (drive.gate().isLog()) {
            kernels.multiply(before, 0, block.a, 0, before, 0, block.size());
          }
          gatePullback(block, List.of(before, g), gradients, vectorSums, sums);
          for (int i = 0; i < inputs.size(); i++) {
            if (gInputs.get(i) != null) {
              gInputs.get(i).put(block, gradients.get(i), spare);
            }
          }
        }
        if (grid.chunkOf(task) == 0) {
          gInitials.store(stateAt(task), carry, 0, w);
        }
        clearAll(gReadOuts, task, to, g);
        clearAll(gInputs, task, to, g);
      }
    }

    /** Every block sums for itself first: the same number of terms, but fewer in a row. */
    private void gatePullback(
        Block block, List<A> cotangents, List<A> gradients, List<A> vectorSums, A sums) {
      for (A sum : vectorSums) {
        kernels.fill(sum, 0, block.w, 0);
      }
      drive.gate().backward(block.tile(), cotangents, gradients, vectorSums);
      for (int i = 0; i < vectorSums.size(); i++) {
        int at = vectorAt(i) + sumAt(block.task, 0);
        kernels.add(sums, at, vectorSums.get(i), 0, sums, at, block.w);
      }
    }

    /** Turns gy into the cotangent of h, which lies in the block's x. */
    private void readPullback(Block block, A g, A shown, A spare) {
      block.loadReadOuts();
      int size = block.size();
      for (int i = readOuts.size() - 1; i >= 0; i--) {
        A z = block.logits.get(i);
        A value = block.values.get(i);
        if (gReadOuts.get(i) != null) {
          kernels.copy(block.x, 0, shown, 0, size);
          for (A earlier : block.values.subList(0, i)) {
            kernels.multiply(earlier, 0, shown, 0, shown, 0, size);
          }
          kernels.multiply(g, 0, shown, 0, shown, 0, size);
          Unary f = drive.readOuts().get(i).activation();
          kernels.mapPullback(f, z, 0, value, 0, shown, 0, shown, 0, size);
          gReadOuts.get(i).put(block, shown, spare);
        }
        kernels.multiply(g, 0, value, 0, g, 0, size);
      }
    }

    private void clearAll(List<Target> targets, int task, int from, A tile) {
      for (Target target : targets) {
        if (target != null && !target.adds) {
          clear(target.slab, task, from, tile);
        }
      }
    }
  }
}
