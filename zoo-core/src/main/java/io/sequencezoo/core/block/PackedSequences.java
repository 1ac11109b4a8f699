package io.sequencezoo.core.block;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.op.Segments;
import io.sequencezoo.core.op.Segments.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sequences of any lengths one after the other in one row, {@code [1, N, ...]}, and the padded
 * batches in which recurrences run them.
 *
 * <p>Sequences of similar lengths share a batch. Which do is the exact minimum of padded tokens
 * plus a constant per batch, so that equal lengths run at once and one long sequence doesn't make
 * rows of padding of the short ones. Everything that treats positions alone runs on the row as it
 * is, without padding.
 */
public final class PackedSequences {
  /** What one more batch costs, in tokens: launching a mixer's operations once more. */
  private static final long TOKENS_PER_BATCH = 128;

  private final int[] lengths;
  private final int[] starts;
  private final List<Batch> batches;

  private PackedSequences(int[] lengths) {
    this.lengths = lengths;
    this.starts = new int[lengths.length + 1];
    for (int i = 0; i < lengths.length; i++) {
      checkArgument(
          lengths[i] >= 1,
          "packed: every sequence must have at least one token, got %s in sequence %s",
          lengths[i],
          i);
      starts[i + 1] = Math.addExact(starts[i], lengths[i]);
    }
    this.batches = batches(lengths);
  }

  /** Sequences of these lengths. */
  public static PackedSequences ofLengths(int... lengths) {
    checkArgument(lengths.length > 0, "packed: must have at least one sequence, got none");
    return new PackedSequences(lengths.clone());
  }

  /**
   * Sequences between these offsets, also known as cumulated lengths: sequence i is from {@code
   * offsets[i]} to before {@code offsets[i+1]}; the first offset is 0, the last is N.
   */
  public static PackedSequences ofOffsets(int... offsets) {
    checkArgument(
        offsets.length > 1 && offsets[0] == 0,
        "packed: offsets must be at least two, from 0 to N, got %s",
        Arrays.toString(offsets));
    return ofLengths(
        IntStream.range(1, offsets.length).map(i -> offsets[i] - offsets[i - 1]).toArray());
  }

  /** The number of sequences. */
  public int count() {
    return lengths.length;
  }

  /** N, the number of tokens of all. */
  public int total() {
    return starts[lengths.length];
  }

  /** The number of tokens of each. */
  public int[] lengths() {
    return lengths.clone();
  }

  /** The position of the first token of sequence i; for i = {@link #count} it is N. */
  public int start(int i) {
    return starts[i];
  }

  /** The batches, longest sequences first; each sequence is in one of them. */
  public List<Batch> batches() {
    return batches;
  }

  /**
   * Rows of a padded batch.
   *
   * @param sequences which they are, in ascending order
   * @param lengths their lengths
   */
  public record Batch(int[] sequences, int[] lengths) {
    /** T, the length of the longest. */
    public int steps() {
      return Arrays.stream(lengths).max().orElse(0);
    }
  }

  /** From the row {@code [1, N, ...]} to a batch {@code [B, T, ...]}; padding is zero. */
  public Variable unpack(Tape tape, Variable row, Batch batch) {
    checkRow(row);
    long size = row.length() / total();
    long steps = batch.steps();
    List<Segment> segments = new ArrayList<>();
    for (int b = 0; b < batch.sequences.length; b++) {
      long from = starts[batch.sequences[b]] * size;
      segments.add(new Segment(0, from, b * steps * size, batch.lengths[b] * size));
    }
    long[] shape = row.shape().clone();
    shape[0] = batch.sequences.length;
    shape[1] = steps;
    return Segments.copy(tape, List.of(row), segments, shape);
  }

  /** From what every batch gave, {@code [B, T, ...]} in their order, to the row. */
  public Variable pack(Tape tape, List<Variable> padded) {
    checkArgument(
        padded.size() == batches.size(),
        "packed: must get one array per batch, %s, got %s",
        batches.size(),
        padded.size());
    long[] shape = padded.get(0).shape().clone();
    long size = Arrays.stream(shape).skip(2).reduce(1, (x, y) -> x * y);
    List<Segment> segments = new ArrayList<>();
    for (int k = 0; k < batches.size(); k++) {
      Batch batch = batches.get(k);
      long steps = padded.get(k).size(1);
      for (int b = 0; b < batch.sequences.length; b++) {
        long to = starts[batch.sequences[b]] * size;
        segments.add(new Segment(k, b * steps * size, to, batch.lengths[b] * size));
      }
    }
    shape[0] = 1;
    shape[1] = total();
    return Segments.copy(tape, padded, segments, shape);
  }

  /** Checks that an array is a row of these sequences. */
  void checkRow(Variable row) {
    checkArgument(
        row.rank() >= 2 && row.size(0) == 1 && row.size(1) == total(),
        "packed: sequences of %s tokens in all must come as one row [1, %s, ...], got shape %s",
        total(),
        total(),
        Arrays.toString(row.shape()));
  }

  /** The cheapest partition of the sorted lengths, by dynamic programming over distinct ones. */
  private static List<Batch> batches(int[] lengths) {
    int[] distinct = Arrays.stream(lengths).distinct().map(n -> -n).sorted().map(n -> -n).toArray();
    long[] rows = new long[distinct.length + 1];
    for (int i = 0; i < distinct.length; i++) {
      int length = distinct[i];
      rows[i + 1] = rows[i] + Arrays.stream(lengths).filter(n -> n == length).count();
    }
    long[] cost = new long[distinct.length + 1];
    int[] from = new int[distinct.length + 1];
    for (int end = 1; end <= distinct.length; end++) {
      cost[end] = Long.MAX_VALUE;
      for (int start = 0; start < end; start++) {
        long tokens = distinct[start] * (rows[end] - rows[start]);
        long total = cost[start] + TOKENS_PER_BATCH + tokens;
        if (total < cost[end]) {
          cost[end] = total;
          from[end] = start;
        }
      }
    }
    List<Batch> batches = new ArrayList<>();
    for (int end = distinct.length; end > 0; end = from[end]) {
      batches.add(0, between(lengths, distinct[end - 1], distinct[from[end]]));
    }
    return List.copyOf(batches);
  }

  private static Batch between(int[] lengths, int shortest, int longest) {
    int[] sequences =
        IntStream.range(0, lengths.length)
            .filter(i -> lengths[i] >= shortest && lengths[i] <= longest)
            .toArray();
    return new Batch(sequences, Arrays.stream(sequences).map(i -> lengths[i]).toArray());
  }
}
