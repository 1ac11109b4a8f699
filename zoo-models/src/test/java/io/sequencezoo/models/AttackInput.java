package io.sequencezoo.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** An input that nobody meant: its shape, what it holds, how it lies in memory. */
final class AttackInput {
  private static final int MOST_ROWS = 3;
  private static final int MOST_STEPS = 9;

  /** What numbers are; the rest of an array is in (-1.5, 1.5). */
  enum Values {
    ORDINARY(0),
    NAN(Double.NaN),
    INFINITE(Double.POSITIVE_INFINITY),
    MINUS_INFINITE(Double.NEGATIVE_INFINITY),
    HUGE(1e30),
    LARGEST(Float.MAX_VALUE),
    MINUS_ZERO(-0.0),
    DENORMAL(Float.MIN_VALUE),
    SMALLEST(Double.MIN_VALUE);

    private final double value;

    Values(double value) {
      this.value = value;
    }
  }

  /** How an array lies in memory. */
  enum Layout {
    /** Row-major, alone. */
    PLAIN,
    /** Column-major. */
    FORTRAN,
    /** A row-major array of the axes in reverse, transposed. */
    TRANSPOSED,
    /** Every second entry of a larger one, along every axis. */
    STRIDED,
    /** The middle of a larger one. */
    OFFSET,
    /** Some rows of a larger one: contiguous, from an offset. */
    ROWS
  }

  private final AttackSubject subject;
  private final long[] shape;
  private final Values values;
  private final Layout layout;
  private final int[] lengths;
  private final double[] numbers;
  private final double[] nextNumbers;
  private final long seed;
  private final DataType type;
  private final INDArray parent;
  private final double[] parentBefore;
  private final INDArray array;
  private final INDArray token;

  private AttackInput(
      AttackSubject subject,
      long[] shape,
      DataType type,
      Values values,
      Layout layout,
      int[] lengths,
      double[] numbers,
      double[] nextNumbers,
      long seed) {
    this.subject = subject;
    this.shape = shape;
    this.type = type;
    this.values = values;
    this.layout = layout;
    this.lengths = lengths;
    this.numbers = numbers;
    this.nextNumbers = nextNumbers;
    this.seed = seed;
    INDArray[] both = laid(numbers, layout, shape);
    this.parent = both[0];
    this.array = both[1];
    this.parentBefore = values(parent);
    long[] one = shape.clone();
    one[1] = 1;
    this.token = laid(nextNumbers, layout, one)[1];
  }

  /** Draws one for a subject. */
  static AttackInput draw(AttackSubject subject, SplittableRandom random) {
    int rows = random.nextInt(12) == 0 ? 0 : random.nextInt(1, MOST_ROWS + 1);
    int steps = random.nextInt(12) == 0 ? 0 : random.nextInt(1, MOST_STEPS + 1);
    long[] shape = subject.shape(rows, steps);
    if (random.nextInt(16) == 0) {
      int axis = shape.length - 1;
      shape[axis] = axis == 1 ? shape[axis] : shape[axis] + (random.nextBoolean() ? 1 : -1);
    }
    Values values = Values.values()[random.nextInt(Values.values().length)];
    Layout layout = Layout.values()[random.nextInt(Layout.values().length)];
    int[] lengths =
        random.nextInt(3) == 0
            ? IntStream.range(0, rows).map(b -> random.nextInt(steps + 1)).toArray()
            : null;
    if (lengths != null && random.nextInt(4) == 0) {
      Arrays.fill(lengths, 0);
    }
    if (lengths != null && rows > 0 && random.nextInt(4) == 0) {
      lengths[random.nextInt(rows)] = random.nextBoolean() ? steps + 1 : -1;
    }
    DataType type =
        !subject.takesTokens()
            ? subject.type()
            : random.nextBoolean() ? DataType.INT32 : DataType.INT64;
    double[] numbers = numbers(subject, length(shape), shape[0], values, random);
    double[] next =
        numbers(subject, steps == 0 ? 0 : length(shape) / steps, shape[0], values, random);
    return new AttackInput(
        subject, shape, type, values, layout, lengths, numbers, next, random.nextLong());
  }

  private static double[] numbers(
      AttackSubject subject, int length, long rows, Values values, SplittableRandom random) {
    double[] numbers = new double[length];
    for (int i = 0; i < length; i++) {
      numbers[i] =
          subject.takesTokens()
              ? random.nextInt(subject.vocabulary())
              : random.nextDouble(-1.5, 1.5);
    }
    if (values == Values.ORDINARY || length == 0) {
      return numbers;
    }
    // In the first row alone: one entry, some, or all of it.
    int row = length / (int) rows;
    int share = random.nextInt(3);
    int one = random.nextInt(row);
    for (int i = 0; i < row; i++) {
      if (share == 2 || i == one || (share == 1 && random.nextBoolean())) {
        numbers[i] = subject.takesTokens() ? noToken(subject, values) : values.value;
      }
    }
    return numbers;
  }

  /** A number that is no token; -0 and the smallest are the token 0. */
  private static double noToken(AttackSubject subject, Values values) {
    return switch (values) {
      case NAN, MINUS_INFINITE -> -1;
      case INFINITE -> subject.vocabulary();
      case HUGE -> Integer.MAX_VALUE;
      case LARGEST -> Integer.MIN_VALUE;
      default -> 0;
    };
  }

  /** The same numbers in a row-major array of their own. */
  AttackInput plain() {
    return with(Layout.PLAIN, numbers, nextNumbers);
  }

  /** The same with ordinary numbers in the first row. */
  AttackInput withFirstRowOrdinary() {
    return with(Layout.PLAIN, ordinary(numbers), ordinary(nextNumbers));
  }

  private AttackInput with(Layout other, double[] first, double[] next) {
    return new AttackInput(subject, shape, type, values, other, lengths, first, next, seed);
  }

  private double[] ordinary(double[] given) {
    double[] clean = given.clone();
    Arrays.fill(clean, 0, given.length / (int) shape[0], 0.5);
    return clean;
  }

  /** The cotangent of outputs, laid out as the input is. */
  INDArray cotangent(long... of) {
    double[] random = new SplittableRandom(seed).doubles(length(of), -1, 1).toArray();
    return laid(random, layout, of, subject.type())[1];
  }

  private INDArray[] laid(double[] given, Layout how, long[] as) {
    return laid(given, how, as, type);
  }

  /** A parent, and the view of it that holds these numbers. */
  private static INDArray[] laid(double[] given, Layout how, long[] as, DataType type) {
    if (given.length == 0) {
      INDArray empty = Nd4j.create(type, as);
      return new INDArray[] {empty, empty};
    }
    int rank = as.length;
    int[] reversed = IntStream.range(0, rank).map(i -> rank - 1 - i).toArray();
    INDArray parent = array(given, as, type);
    INDArray view = parent;
    if (how == Layout.FORTRAN) {
      parent = parent.dup('f');
      view = parent;
    } else if (how == Layout.TRANSPOSED) {
      parent = parent.permute(reversed).dup('c');
      view = parent.permute(reversed);
    } else if (how != Layout.PLAIN) {
      long[] large = as.clone();
      int[] first = new int[rank];
      int[] step = new int[rank];
      INDArrayIndex[] indices = new INDArrayIndex[rank];
      for (int i = 0; i < rank; i++) {
        boolean cut = how != Layout.ROWS || i == 0;
        step[i] = how == Layout.STRIDED ? 2 : 1;
        first[i] = how == Layout.STRIDED || !cut ? 0 : 1;
        large[i] = how == Layout.STRIDED ? 2 * as[i] : as[i] + 2L * first[i];
        indices[i] = NDArrayIndex.interval(first[i], step[i], first[i] + step[i] * as[i]);
      }
      parent = array(embedded(given, as, large, first, step, type), large, type);
      view = parent.get(indices).reshape(as);
    }
    assertThat(view.shape()).containsExactly(as);
    return new INDArray[] {parent, view};
  }

  private static INDArray array(double[] numbers, long[] shape, DataType type) {
    return Nd4j.createFromArray(numbers).castTo(type).reshape('c', shape);
  }

  /** The numbers of a larger array that has the given ones at the places of a view. */
  private static double[] embedded(
      double[] given, long[] as, long[] large, int[] first, int[] step, DataType type) {
    double[] all = new double[length(large)];
    Arrays.fill(all, type.isFPType() ? Double.NaN : -7);
    for (int i = 0; i < given.length; i++) {
      long place = 0;
      long stride = 1;
      long rest = i;
      for (int axis = as.length - 1; axis >= 0; axis--) {
        place += stride * (first[axis] + step[axis] * (rest % as[axis]));
        stride *= large[axis];
        rest /= as[axis];
      }
      all[(int) place] = given[i];
    }
    return all;
  }

  private static double[] values(INDArray array) {
    return array.isEmpty() ? new double[0] : array.dup('c').data().asDouble();
  }

  private static int length(long[] shape) {
    return (int) Arrays.stream(shape).reduce(1, (x, y) -> x * y);
  }

  /** Fails if anything was written to the input, or to what it is a view of. */
  void assertUntouched() {
    assertThat(Arrays.equals(values(parent), parentBefore)).as("input is as it was").isTrue();
  }

  /** Whether a block has to refuse it. */
  boolean mustBeRefused() {
    boolean noTokens =
        subject.takesTokens()
            && IntStream.range(0, numbers.length)
                .anyMatch(i -> numbers[i] < 0 || numbers[i] >= subject.vocabulary());
    boolean noLengths =
        lengths != null && Arrays.stream(lengths).anyMatch(n -> n < 0 || n > shape[1]);
    return length(shape) == 0
        || noTokens
        || noLengths
        || !Arrays.equals(shape, subject.shape((int) shape[0], (int) shape[1]));
  }

  /** B. */
  int rows() {
    return (int) shape[0];
  }

  /** What it holds. */
  Values values() {
    return values;
  }

  /** What goes in. */
  INDArray array() {
    return array;
  }

  /** One more token of each row. */
  INDArray token() {
    return token;
  }

  /** One valid token of each row. */
  int[] ones() {
    int[] ones = new int[rows()];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** Valid steps of each row, or null for all. */
  int[] lengths() {
    return lengths;
  }

  @Override
  public String toString() {
    return Arrays.toString(shape)
        + " "
        + type
        + " "
        + values
        + " "
        + layout
        + (lengths == null ? "" : " lengths " + Arrays.toString(lengths));
  }
}
