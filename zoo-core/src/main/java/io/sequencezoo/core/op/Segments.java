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
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Copies of contiguous stretches between arrays: what packing, padding and sorting of ragged
 * batches consist of.
 */
public final class Segments {
  private static final int TILE = 1 << 12;

  private Segments() {}

  /**
   * A stretch; positions count elements of row-major arrays.
   *
   * @param input which input it is read from
   * @param from its first element there
   * @param to its first element in the output
   * @param length its number of elements
   */
  public record Segment(int input, long from, long to, long length) {}

  /**
   * {@code y[to + i] = x_input[from + i]} for i below the length of each segment, and 0 where none
   * is.
   *
   * @param inputs of one data type; numbers of other types than floating-point are copied, too
   * @param segments no element of an input or of the output may be in two of them
   * @param shape of y
   */
  public static Variable copy(
      Tape tape, List<Variable> inputs, List<Segment> segments, long... shape) {
    checkArgument(!inputs.isEmpty(), "segments: needs at least one input, got none");
    Variable first = inputs.get(0);
    Tiles.checkSameType("segments", first, inputs.toArray(new Variable[0]));
    long length = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    long covered = 0;
    for (Segment s : segments) {
      long available = inputs.get(s.input).length();
      checkArgument(
          s.length >= 0
              && s.from >= 0
              && s.to >= 0
              && s.from + s.length <= available
              && s.to + s.length <= length,
          "segments: %s must lie within %s elements of the input and %s of the output",
          s,
          available,
          length);
      covered += s.length;
    }
    if (length == 0) {
      return tape.record(empty(first, shape), cotangents -> {}, inputs.toArray(new Variable[0]));
    }
    if (!first.type().isFPType()) {
      return tape.constant(copyAny(tape, inputs, segments, length, shape));
    }
    return typed(Precision.of(first.type()), tape, inputs, segments, covered == length, shape);
  }

  private static INDArray empty(Variable like, long[] shape) {
    // ND4J can't make an empty array in a workspace.
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.create(like.type(), shape);
    }
  }

  private static INDArray copyAny(
      Tape tape, List<Variable> inputs, List<Segment> segments, long length, long[] shape) {
    INDArray y = tape.zeros(inputs.get(0).type(), length);
    for (Segment s : segments) {
      if (s.length > 0) {
        INDArray x = inputs.get(s.input).value();
        y.get(NDArrayIndex.interval(s.to, s.to + s.length))
            .assign(x.reshape(x.length()).get(NDArrayIndex.interval(s.from, s.from + s.length)));
      }
    }
    return y.reshape('c', shape);
  }

  private static <A> Variable typed(
      Precision<A> precision,
      Tape tape,
      List<Variable> inputs,
      List<Segment> segments,
      boolean whole,
      long[] shape) {
    DataOf<A> from = new DataOf<>(precision, inputs);
    INDArray y =
        whole
            ? tape.allocate(inputs.get(0).type(), shape)
            : tape.zeros(inputs.get(0).type(), shape);
    Slab<A> to = precision.slab(y);
    Parallel.run(
        segments.size(),
        i -> {
          Segment s = segments.get(i);
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(TILE);
            for (long at = 0; at < s.length; at += TILE) {
              int n = (int) Math.min(TILE, s.length - at);
              from.slab(s.input).load(s.from + at, tile, 0, n);
              to.store(s.to + at, tile, 0, n);
            }
          }
        });
    return tape.record(
        y,
        cotangents -> pullback(precision, cotangents, inputs, segments),
        inputs.toArray(new Variable[0]));
  }

  private static <A> void pullback(
      Precision<A> precision,
      Cotangents cotangents,
      List<Variable> inputs,
      List<Segment> segments) {
    Kernels<A> kernels = precision.kernels();
    Slab<A> gy = precision.slab(cotangents.output());
    for (int input = 0; input < inputs.size(); input++) {
      if (!cotangents.needs(input)) {
        continue;
      }
      int k = input;
      List<Segment> own = segments.stream().filter(s -> s.input == k && s.length > 0).toList();
      Cotangents.Sink sink = cotangents.sink(k);
      boolean covered = own.stream().mapToLong(Segment::length).sum() == inputs.get(k).length();
      if (sink.beta() == 0 && !covered) {
        sink.array().assign(0);
      }
      int beta = covered ? sink.beta() : 1;
      if (own.isEmpty()) {
        continue;
      }
      Tiles.Target<A> target = new Tiles.Target<>(precision.slab(sink.array()), beta);
      Parallel.run(
          own.size(),
          i -> {
            Segment s = own.get(i);
            try (Scratch<A> scratch = precision.scratch()) {
              A tile = scratch.take(TILE);
              A spare = scratch.take(TILE);
              for (long at = 0; at < s.length; at += TILE) {
                int n = (int) Math.min(TILE, s.length - at);
                gy.load(s.to + at, tile, 0, n);
                target.put(kernels, s.from + at, tile, 0, spare, n);
              }
            }
          });
    }
  }

  /** The data of inputs; an empty one has none. */
  private static final class DataOf<A> {
    private final List<Slab<A>> slabs;

    DataOf(Precision<A> precision, List<Variable> inputs) {
      slabs = new ArrayList<>();
      for (Variable input : inputs) {
        slabs.add(input.value().isEmpty() ? null : precision.slab(input.value()));
      }
    }

    Slab<A> slab(int input) {
      return slabs.get(input);
    }
  }
}
