package io.sequencezoo.core.autodiff;

import io.sequencezoo.core.kernel.Unary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every primitive in its cases, each with the same expression in SameDiff. */
final class PrimitiveCases {
  private final List<Case> cases = new ArrayList<>();

  /** Evaluates with the primitives. */
  @FunctionalInterface
  interface Zoo {
    Variable[] apply(Tape tape, Variable[] inputs);
  }

  /** Evaluates with SameDiff. */
  @FunctionalInterface
  interface Judge {
    SDVariable[] apply(SameDiff graph, SDVariable[] inputs);
  }

  /** One case; values are drawn from [low, high), away from kinks. */
  record Case(
      String primitive,
      String name,
      Zoo zoo,
      Judge judge,
      double low,
      double high,
      long[][] shapes) {
    List<INDArray> inputs() {
      SplittableRandom random = new SplittableRandom(name.hashCode());
      List<INDArray> result = new ArrayList<>();
      for (long[] shape : shapes) {
        int length = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        double[] values = random.doubles(length, low, high).toArray();
        result.add(Nd4j.createFromArray(values).castTo(DataType.DOUBLE).reshape('c', shape));
      }
      return result;
    }
  }

  static List<Case> all() {
    PrimitiveCases cases = new PrimitiveCases();
    cases.elementwise();
    cases.choices();
    cases.reductions();
    cases.products();
    cases.shapes();
    cases.moves();
    return cases.cases;
  }

  private static long[] s(long... shape) {
    return shape;
  }

  private void one(
      String primitive,
      String name,
      Zoo1 zoo,
      Judge1 judge,
      double low,
      double high,
      long[]... in) {
    cases.add(
        new Case(
            primitive,
            primitive + " " + name,
            (t, x) -> new Variable[] {zoo.apply(t, x)},
            judge == null ? null : (g, x) -> new SDVariable[] {judge.apply(g, x)},
            low,
            high,
            in));
  }

  /** One output. */
  @FunctionalInterface
  interface Zoo1 {
    Variable apply(Tape tape, Variable[] inputs);
  }

  /** One output. */
  @FunctionalInterface
  interface Judge1 {
    SDVariable apply(SameDiff graph, SDVariable[] inputs);
  }

  private static SDVariable judge(SameDiff g, Unary f, SDVariable x) {
    return switch (f) {
      case NEGATE -> g.math().neg(x);
      case EXP -> g.math().exp(x);
      case LOG -> g.math().log(x);
      case SQUARE -> g.math().square(x);
      case SQRT -> g.math().sqrt(x);
      case RECIPROCAL -> g.math().reciprocal(x);
      case TANH -> g.math().tanh(x);
      case SIGMOID -> g.nn().sigmoid(x);
      case SILU -> x.mul(g.nn().sigmoid(x));
      case GELU_TANH ->
          x.mul(0.5)
              .mul(
                  g.math()
                      .tanh(g.math().pow(x, 3).mul(0.044715).add(x).mul(Math.sqrt(2 / Math.PI)))
                      .add(1));
      case GELU -> x.mul(0.5).mul(g.math().erf(x.mul(Math.sqrt(0.5))).add(1));
      case RELU -> g.nn().relu(x, 0);
      case RELU_SQUARED -> g.math().square(g.nn().relu(x, 0));
      case SOFTPLUS -> g.nn().softplus(x);
      case LOG_SIGMOID -> g.math().neg(g.nn().softplus(g.math().neg(x)));
      case ELU_PLUS_ONE -> g.nn().elu(x).add(1);
    };
  }

  private void elementwise() {
    for (Unary f : Unary.values()) {
      boolean positive = f == Unary.LOG || f == Unary.SQRT || f == Unary.RECIPROCAL;
      one(
          "map",
          f.name().toLowerCase(Locale.ROOT),
          (t, x) -> Primitives.map(t, f, x[0]),
          (g, x) -> judge(g, f, x[0]),
          positive ? 0.2 : -3,
          3,
          s(3, 5, 7));
    }
    long[][][] broadcasts = {
      {s(3, 4, 5), s(3, 4, 5)},
      {s(3, 4, 5), s(5)},
      {s(5), s(3, 4, 5)},
      {s(3, 4, 5), s(3, 4, 1)},
      {s(3, 4, 5), s(3, 1, 5)},
      {s(3, 1, 5), s(4, 1)},
      {s(3, 4, 5), s(1)},
      {s(2, 1, 4, 1), s(2, 3, 1, 5)},
      {s(70, 300), s(300)},
      {s(300, 70), s(300, 1)},
    };
    for (long[][] shapes : broadcasts) {
      String name = Arrays.deepToString(shapes);
      one(
          "add",
          name,
          (t, x) -> Primitives.add(t, x[0], x[1]),
          (g, x) -> x[0].add(x[1]),
          -2,
          2,
          shapes);
      one(
          "subtract",
          name,
          (t, x) -> Primitives.subtract(t, x[0], x[1]),
          (g, x) -> x[0].sub(x[1]),
          -2,
          2,
          shapes);
      one(
          "multiply",
          name,
          (t, x) -> Primitives.multiply(t, x[0], x[1]),
          (g, x) -> x[0].mul(x[1]),
          -2,
          2,
          shapes);
      one(
          "divide",
          name,
          (t, x) -> Primitives.divide(t, x[0], x[1]),
          (g, x) -> spread(g, x[0], shapes).div(spread(g, x[1], shapes)),
          0.5,
          2,
          shapes);
    }
    one(
        "affine",
        "",
        (t, x) -> Primitives.affine(t, -1.5, x[0], 0.25),
        (g, x) -> x[0].mul(-1.5).add(0.25),
        -2,
        2,
        s(3, 7));
  }

  private void choices() {
    one(
        "power",
        "cube",
        (t, x) -> Primitives.power(t, x[0], 3),
        (g, x) -> g.math().pow(x[0], 3),
        -2,
        2,
        s(3, 7));
    one(
        "power",
        "fraction",
        (t, x) -> Primitives.power(t, x[0], -0.7),
        (g, x) -> g.math().pow(x[0], -0.7),
        0.3,
        2,
        s(3, 7));
    one("abs", "", (t, x) -> Primitives.abs(t, x[0]), (g, x) -> g.math().abs(x[0]), -2, 2, s(3, 7));
    one(
        "clamp",
        "",
        (t, x) -> Primitives.clamp(t, x[0], -0.5, 1),
        (g, x) -> g.math().clipByValue(x[0], -0.5, 1),
        -2,
        2,
        s(5, 7));
    long[][][] pairs = {{s(3, 4, 5), s(3, 4, 5)}, {s(3, 4, 5), s(5)}, {s(3, 1), s(4)}};
    for (long[][] shapes : pairs) {
      String name = Arrays.deepToString(shapes);
      one(
          "maximum",
          name,
          (t, x) -> Primitives.maximum(t, x[0], x[1]),
          (g, x) -> g.max(spread(g, x[0], shapes), spread(g, x[1], shapes)),
          -2,
          2,
          shapes);
      one(
          "minimum",
          name,
          (t, x) -> Primitives.minimum(t, x[0], x[1]),
          (g, x) -> g.min(spread(g, x[0], shapes), spread(g, x[1], shapes)),
          -2,
          2,
          shapes);
    }
    for (DataType type :
        new DataType[] {DataType.BOOL, DataType.INT32, DataType.FLOAT, DataType.DOUBLE}) {
      INDArray bits = Nd4j.createFromArray(new double[] {1, 0, 1, 1, 0}).castTo(type);
      one(
          "where",
          "mask of " + type,
          (t, x) -> Primitives.where(t, bits, x[0], x[1]),
          (g, x) -> {
            SDVariable keep = g.constant(bits.castTo(DataType.DOUBLE));
            return x[0].mul(keep).add(x[1].mul(keep.rsub(1)));
          },
          -2,
          2,
          s(3, 4, 5),
          s(4, 1));
      one(
          "mask",
          "of " + type,
          (t, x) -> Primitives.mask(t, x[0], bits, -7),
          (g, x) -> {
            SDVariable keep = g.constant(bits.castTo(DataType.DOUBLE));
            return x[0].mul(keep).add(keep.rsub(1).mul(-7));
          },
          -2,
          2,
          s(3, 4, 5));
    }
    one(
        "stopGradient",
        "beside a path",
        (t, x) -> Primitives.multiply(t, x[0], Primitives.stopGradient(t, x[1])),
        null,
        -2,
        2,
        s(3, 4),
        s(3, 4));
    one(
        "zerosLike",
        "added",
        (t, x) -> Primitives.add(t, x[0], Primitives.zerosLike(t, x[0])),
        (g, x) -> x[0].add(0.0),
        -2,
        2,
        s(3, 4));
  }

  private void reductions() {
    one("sum", "whole", (t, x) -> Primitives.sum(t, x[0]), (g, x) -> g.sum(x[0]), -2, 2, s(30, 70));
    one(
        "mean",
        "whole",
        (t, x) -> Primitives.mean(t, x[0]),
        (g, x) -> g.mean(x[0]),
        -2,
        2,
        s(3, 7));
    for (int axis = -3; axis < 3; axis++) {
      for (boolean keep : new boolean[] {false, true}) {
        int a = axis;
        String name = "axis " + axis + (keep ? " kept" : "");
        one(
            "sum",
            name,
            (t, x) -> Primitives.sum(t, x[0], a, keep),
            (g, x) -> g.sum(x[0], keep, Math.floorMod(a, 3)),
            -2,
            2,
            s(3, 4, 5));
        one(
            "mean",
            name,
            (t, x) -> Primitives.mean(t, x[0], a, keep),
            (g, x) -> g.mean(x[0], keep, Math.floorMod(a, 3)),
            -2,
            2,
            s(3, 4, 5));
        one(
            "max",
            name,
            (t, x) -> Primitives.max(t, x[0], a, keep),
            (g, x) -> g.max(x[0], keep, Math.floorMod(a, 3)),
            -2,
            2,
            s(3, 4, 5));
      }
    }
    one(
        "sum",
        "long middle",
        (t, x) -> Primitives.sum(t, x[0], 1, false),
        (g, x) -> g.sum(x[0], 1),
        -2,
        2,
        s(2, 700, 130));
    one(
        "softmax",
        "",
        (t, x) -> Primitives.softmax(t, x[0]),
        (g, x) -> g.nn().softmax(x[0], 2),
        -4,
        4,
        s(3, 4, 5));
    one(
        "logSoftmax",
        "",
        (t, x) -> Primitives.logSoftmax(t, x[0]),
        (g, x) -> g.math().log(g.nn().softmax(x[0], 2)),
        -4,
        4,
        s(3, 4, 5));
    for (boolean keep : new boolean[] {false, true}) {
      one(
          "logSumExp",
          keep ? "kept" : "",
          (t, x) -> Primitives.logSumExp(t, x[0], keep),
          (g, x) -> g.math().log(g.sum(g.math().exp(x[0]), keep, 2)),
          -4,
          4,
          s(3, 4, 5));
    }
    for (int axis = 0; axis < 3; axis++) {
      for (boolean reverse : new boolean[] {false, true}) {
        int a = axis;
        one(
            "cumulativeSum",
            "axis " + axis + (reverse ? " reverse" : ""),
            (t, x) -> Primitives.cumulativeSum(t, x[0], a, reverse),
            (g, x) -> cumulativeSum(g, x[0], a, reverse),
            -2,
            2,
            s(3, 4, 5));
      }
    }
  }

  private void products() {
    boolean[] flags = {false, true};
    for (boolean ta : flags) {
      for (boolean tb : flags) {
        long[] a2 = ta ? s(6, 3) : s(3, 6);
        long[] b2 = tb ? s(5, 6) : s(6, 5);
        one(
            "matmul",
            "2-D " + ta + tb,
            (t, x) -> Primitives.matmul(t, x[0], x[1], ta, tb),
            (g, x) -> g.mmul(x[0], x[1], ta, tb, false),
            -2,
            2,
            a2,
            b2);
        long[] a4 = ta ? s(2, 3, 6, 4) : s(2, 3, 4, 6);
        long[] b4 = tb ? s(2, 3, 5, 6) : s(2, 3, 6, 5);
        one(
            "matmul",
            "batched " + ta + tb,
            (t, x) -> Primitives.matmul(t, x[0], x[1], ta, tb),
            (g, x) -> g.mmul(x[0], x[1], ta, tb, false),
            -2,
            2,
            a4,
            b4);
      }
    }
    one(
        "matmul",
        "one weight",
        (t, x) -> Primitives.matmul(t, x[0], x[1]),
        (g, x) -> g.mmul(x[0].reshape(12, 6), x[1]).reshape(3, 4, 5),
        -2,
        2,
        s(3, 4, 6),
        s(6, 5));
    one(
        "linear",
        "bias",
        (t, x) -> Primitives.linear(t, x[0], x[1], x[2]),
        (g, x) -> g.mmul(x[0].reshape(12, 6), x[1]).add(x[2]).reshape(3, 4, 5),
        -2,
        2,
        s(3, 4, 6),
        s(6, 5),
        s(5));
    one(
        "linear",
        "no bias",
        (t, x) -> Primitives.linear(t, x[0], x[1], null),
        (g, x) -> g.mmul(x[0].reshape(12, 6), x[1]).reshape(3, 4, 5),
        -2,
        2,
        s(3, 4, 6),
        s(6, 5));
  }

  private void shapes() {
    one(
        "reshape",
        "",
        (t, x) -> Primitives.reshape(t, x[0], 4, -1),
        (g, x) -> g.reshape(x[0], 4, 15),
        -2,
        2,
        s(3, 4, 5));
    int[][] orders = {{0, 2, 1}, {2, 1, 0}, {1, 0, 2}, {2, 0, 1}, {1, 2, 0}, {0, 1, 2}};
    for (int[] order : orders) {
      one(
          "permute",
          Arrays.toString(order),
          (t, x) -> Primitives.permute(t, x[0], order),
          (g, x) -> g.permute(x[0], order),
          -2,
          2,
          s(3, 4, 5));
      one(
          "permute",
          "large " + Arrays.toString(order),
          (t, x) -> Primitives.permute(t, x[0], order),
          (g, x) -> g.permute(x[0], order),
          -2,
          2,
          s(5, 70, 130));
    }
    one(
        "permute",
        "heads",
        (t, x) -> Primitives.permute(t, x[0], 0, 2, 1, 3),
        (g, x) -> g.permute(x[0], 0, 2, 1, 3),
        -2,
        2,
        s(2, 3, 4, 5));
    one(
        "permute",
        "heads back",
        (t, x) -> Primitives.permute(t, x[0], 0, 2, 3, 1),
        (g, x) -> g.permute(x[0], 0, 2, 3, 1),
        -2,
        2,
        s(2, 3, 4, 5));
    one(
        "permute",
        "reversed",
        (t, x) -> Primitives.permute(t, x[0], 3, 2, 1, 0),
        (g, x) -> g.permute(x[0], 3, 2, 1, 0),
        -2,
        2,
        s(2, 3, 4, 5));
    for (int axis = 0; axis < 3; axis++) {
      int a = axis;
      int[] begin = new int[3];
      int[] size = {3, 4, 5};
      begin[a] = 1;
      size[a] = 2;
      one(
          "slice",
          "axis " + axis,
          (t, x) -> Primitives.slice(t, x[0], a, 1, 3),
          (g, x) -> g.slice(x[0], begin, size),
          -2,
          2,
          s(3, 4, 5));
      long[] other = s(3, 4, 5);
      other[a] = 2;
      one(
          "concat",
          "axis " + axis,
          (t, x) -> Primitives.concat(t, a, x[0], x[1]),
          (g, x) -> g.concat(a, x[0], x[1]),
          -2,
          2,
          s(3, 4, 5),
          other);
      int[] rest = {3, 4, 5};
      rest[a] -= 1;
      int[] first = {3, 4, 5};
      first[a] = 1;
      cases.add(
          new Case(
              "split",
              "split axis " + axis,
              (t, x) -> Primitives.split(t, x[0], a, 1, rest[a]),
              (g, x) ->
                  new SDVariable[] {g.slice(x[0], new int[3], first), g.slice(x[0], begin, rest)},
              -2,
              2,
              new long[][] {s(3, 4, 5)}));
    }
  }

  private void moves() {
    for (int axis = 0; axis < 3; axis++) {
      int a = axis;
      one(
          "flip",
          "axis " + axis,
          (t, x) -> Primitives.flip(t, x[0], a),
          (g, x) -> g.reverse(x[0], a),
          -2,
          2,
          s(3, 4, 5));
      int[][] around = new int[3][2];
      around[a] = new int[] {2, 1};
      one(
          "pad",
          "axis " + axis,
          (t, x) -> Primitives.pad(t, x[0], a, 2, 1, 0.5),
          (g, x) -> g.nn().pad(x[0], g.constant(Nd4j.createFromArray(around)), 0.5),
          -2,
          2,
          s(3, 4, 5));
      one(
          "repeat",
          "axis " + axis,
          (t, x) -> Primitives.repeat(t, x[0], a, 2),
          (g, x) -> twice(g, x[0], a),
          -2,
          2,
          s(3, 4, 5));
    }
    for (int axis = -1; axis < 3; axis++) {
      int a = axis;
      one(
          "stack",
          "axis " + axis,
          (t, x) -> Primitives.stack(t, a, x[0], x[1]),
          (g, x) -> g.stack(Math.floorMod(a, 3), x[0], x[1]),
          -2,
          2,
          s(3, 4),
          s(3, 4));
    }
    one(
        "expand",
        "",
        (t, x) -> Primitives.expand(t, x[0], 2, 3, 4, 5),
        (g, x) -> x[0].mul(g.constant(Nd4j.ones(DataType.DOUBLE, 2, 3, 4, 5))),
        -2,
        2,
        s(3, 1, 5));
    int[] rows = {3, 0, 3, 6, 1, 3};
    one(
        "take",
        "",
        (t, x) -> Primitives.take(t, x[0], Nd4j.createFromArray(rows).reshape('c', s(2, 3))),
        (g, x) -> g.mmul(oneHot(g, rows, 7), x[0]).reshape(2, 3, 5),
        -2,
        2,
        s(7, 5));
  }

  // SameDiff 1.0.0-M2.1 differentiates cumsum, gather, and broadcasts of max, min and (by one
  // element) div wrongly; these say the same by operations that it gets right.

  private static SDVariable spread(SameDiff g, SDVariable x, long[][] shapes) {
    return x.mul(g.constant(Nd4j.ones(DataType.DOUBLE, Broadcast.shape("judge", shapes))));
  }

  private static SDVariable cumulativeSum(SameDiff g, SDVariable x, int axis, boolean reverse) {
    int[] order = {0, 1, 2};
    order[axis] = 2;
    order[2] = axis;
    int n = 3 + axis;
    double[][] triangle = new double[n][n];
    for (int from = 0; from < n; from++) {
      for (int to = 0; to < n; to++) {
        triangle[from][to] = (reverse ? from >= to : from <= to) ? 1 : 0;
      }
    }
    SDVariable rows = g.permute(x, order);
    SDVariable sums = g.mmul(rows.reshape(60 / n, n), g.constant(Nd4j.createFromArray(triangle)));
    long[] swapped = {3, 4, 5};
    swapped[axis] = 5;
    swapped[2] = n;
    return g.permute(sums.reshape(swapped), order);
  }

  private static SDVariable twice(SameDiff g, SDVariable x, int axis) {
    long[] apart = {3, 4, 5};
    long[] result = {3, 4, 5};
    result[axis] *= 2;
    long outer = Arrays.stream(apart).limit(axis + 1).reduce(1, (a, b) -> a * b);
    INDArray ones = Nd4j.ones(DataType.DOUBLE, outer, 2, 60 / outer);
    return x.reshape(outer, 1, 60 / outer).mul(g.constant(ones)).reshape(result);
  }

  private static SDVariable oneHot(SameDiff g, int[] rows, int n) {
    double[][] matrix = new double[rows.length][n];
    for (int i = 0; i < rows.length; i++) {
      matrix[i][rows[i]] = 1;
    }
    return g.constant(Nd4j.createFromArray(matrix));
  }
}
