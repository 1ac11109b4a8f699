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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs a {@link Gate} over whole arrays as one tape operation. */
public final class Gates {
  /** What one pass of {@link Partials} sums up. */
  private static final int MOST_VECTORS = 2;

  /** Decays and inputs. */
  private static final int OUTPUTS = 2;

  private Gates() {}

  /**
   * The outputs of a gate, each with the shape of the inputs.
   *
   * @param inputs {@code [..., n]}, all of one shape
   * @param vectors at most two of {@code [n]}
   */
  public static Variable[] apply(
      Tape tape, Gate gate, List<Variable> inputs, List<Variable> vectors) {
    check(inputs, vectors);
    List<Variable> all = new ArrayList<>(inputs);
    all.addAll(vectors);
    Variable first = inputs.get(0);
    return new Run<>(Precision.of(first.type()), gate, inputs, vectors, first.size(-1))
        .record(tape, all);
  }

  /** Refuses inputs of several shapes, vectors that don't fit them, and several data types. */
  public static void check(List<Variable> inputs, List<Variable> vectors) {
    Variable first = inputs.get(0);
    int n = Tiles.columns("gates", first);
    for (Variable input : inputs) {
      checkArgument(
          Arrays.equals(input.shape(), first.shape()),
          "gates: inputs must have one shape, got %s and %s",
          Arrays.toString(first.shape()),
          Arrays.toString(input.shape()));
    }
    checkArgument(
        vectors.size() <= MOST_VECTORS,
        "gates: vectors must be at most %s, got %s",
        MOST_VECTORS,
        vectors.size());
    for (Variable vector : vectors) {
      checkArgument(
          vector.length() == n, "gates: vectors must have %s elements, got %s", n, vector.length());
    }
    List<Variable> all = new ArrayList<>(inputs);
    all.addAll(vectors);
    Tiles.checkSameType("gates", first, all.toArray(Variable[]::new));
  }

  /** One application. */
  private record Run<A>(
      Precision<A> precision, Gate gate, List<Variable> inputs, List<Variable> vectors, int n) {

    Variable[] record(Tape tape, List<Variable> all) {
      Variable first = inputs.get(0);
      INDArray[] outputs = new INDArray[OUTPUTS];
      for (int i = 0; i < outputs.length; i++) {
        outputs[i] = tape.allocate(first.type(), first.shape());
      }
      List<Slab<A>> from = slabs(inputs);
      List<Slab<A>> to = Arrays.stream(outputs).map(precision::slab).toList();
      Parallel.ranges(
          Tiles.rows(first, n),
          Tiles.taskRows(n),
          (start, end) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              List<A> shared = loadVectors(scratch);
              List<A> in = tiles(scratch, inputs.size());
              List<A> out = tiles(scratch, outputs.length);
              List<A> spares = tiles(scratch, gate.spares());
              int most = Tiles.tileRows(n);
              for (long row = start; row < end; row += most) {
                int rows = (int) Math.min(most, end - row);
                load(from, row, rows, in);
                gate.forward(
                    new Gate.Tile<>(precision.kernels(), in, shared, spares, row, rows, n), out);
                for (int i = 0; i < outputs.length; i++) {
                  to.get(i).store(row * n, out.get(i), 0, rows * n);
                }
              }
            }
          });
      return tape.record(outputs, this::pullback, all.toArray(Variable[]::new));
    }

    private void pullback(Cotangents cotangents) {
      Kernels<A> kernels = precision.kernels();
      List<Slab<A>> from = slabs(inputs);
      List<Tiles.Target<A>> targets = new ArrayList<>();
      for (int i = 0; i < inputs.size(); i++) {
        targets.add(Tiles.target(precision, cotangents, i));
      }
      List<Tiles.Target<A>> sums = new ArrayList<>();
      for (int i = 0; i < MOST_VECTORS; i++) {
        sums.add(
            i < vectors.size() ? Tiles.target(precision, cotangents, inputs.size() + i) : null);
      }
      List<Slab<A>> gys = new ArrayList<>();
      for (int i = 0; i < OUTPUTS; i++) {
        INDArray cotangent = cotangents.output(i);
        gys.add(cotangent == null ? null : precision.slab(cotangent));
      }
      Partials.run(
          precision,
          Tiles.rows(inputs.get(0), n),
          Tiles.taskRows(n),
          n,
          sums.get(0),
          sums.get(1),
          (start, end, sum, second) -> {
            try (Scratch<A> scratch = precision.scratch()) {
              List<A> shared = loadVectors(scratch);
              List<A> in = tiles(scratch, inputs.size());
              List<A> out = tiles(scratch, OUTPUTS);
              List<A> gy = tiles(scratch, OUTPUTS);
              List<A> gx = tiles(scratch, inputs.size());
              List<A> spares = tiles(scratch, Math.max(1, gate.spares()));
              List<A> vectorSums = List.of(sum, second);
              int most = Tiles.tileRows(n);
              for (long row = start; row < end; row += most) {
                int rows = (int) Math.min(most, end - row);
                load(from, row, rows, in);
                load(gys, row, rows, gy);
                Gate.Tile<A> tile = new Gate.Tile<>(kernels, in, shared, spares, row, rows, n);
                gate.forward(tile, out);
                gate.backward(tile, gy, gx, vectorSums);
                for (int i = 0; i < targets.size(); i++) {
                  if (targets.get(i) != null) {
                    targets.get(i).put(kernels, row * n, gx.get(i), 0, spares.get(0), rows * n);
                  }
                }
              }
            }
          });
    }

    private List<Slab<A>> slabs(List<Variable> variables) {
      return variables.stream().map(v -> precision.slab(v.operand())).toList();
    }

    private List<A> tiles(Scratch<A> scratch, int count) {
      List<A> tiles = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        tiles.add(scratch.take(Tiles.tileRows(n) * n));
      }
      return tiles;
    }

    private List<A> loadVectors(Scratch<A> scratch) {
      List<A> loaded = new ArrayList<>();
      for (Variable vector : vectors) {
        loaded.add(Norms.vector(precision, scratch, vector));
      }
      return loaded;
    }

    /** Zeros for a slab that is absent. */
    private void load(List<Slab<A>> from, long row, int rows, List<A> into) {
      for (int i = 0; i < into.size(); i++) {
        if (from.get(i) == null) {
          precision.kernels().fill(into.get(i), 0, rows * n, 0);
        } else {
          from.get(i).load(row * n, into.get(i), 0, rows * n);
        }
      }
    }
  }
}
