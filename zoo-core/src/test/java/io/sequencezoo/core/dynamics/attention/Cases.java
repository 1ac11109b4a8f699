package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Shapes and options that the tests of attention run over, with seeded data. */
record Cases(
    int batch,
    int steps,
    int queryHeads,
    int heads,
    int keyDim,
    int valueDim,
    int window,
    boolean bidirectional,
    boolean alibi,
    double scale,
    boolean forgets,
    boolean sinks) {

  Cases(
      int batch,
      int steps,
      int queryHeads,
      int heads,
      int keyDim,
      int valueDim,
      int window,
      boolean bidirectional,
      boolean alibi,
      double scale) {
    this(
        batch,
        steps,
        queryHeads,
        heads,
        keyDim,
        valueDim,
        window,
        bidirectional,
        alibi,
        scale,
        false,
        false);
  }

  static Stream<Cases> all() {
    return Stream.concat(
        causal(),
        Stream.of(
            new Cases(2, 70, 2, 2, 4, 4, 0, true, false, 0),
            new Cases(1, 9, 4, 2, 3, 3, 4, true, true, 0),
            new Cases(2, 9, 2, 1, 3, 3, 0, true, false, 0, false, true)));
  }

  static Stream<Cases> causal() {
    return Stream.of(
        new Cases(2, 1, 2, 2, 4, 4, 0, false, false, 0),
        new Cases(2, 7, 2, 2, 4, 4, 0, false, false, 0),
        new Cases(1, 65, 4, 2, 3, 5, 0, false, false, 0.7),
        new Cases(2, 33, 3, 1, 5, 2, 6, false, false, 0),
        new Cases(1, 40, 6, 3, 4, 4, 0, false, true, 0),
        new Cases(1, 19, 4, 4, 4, 4, 1, false, false, 0),
        new Cases(1, 30, 4, 2, 2, 2, 100, false, true, 0),
        // More than one block of keys, of queries, and of a task's queries.
        new Cases(1, 600, 2, 1, 3, 4, 0, false, false, 0),
        new Cases(1, 600, 1, 1, 3, 3, 300, false, true, 0),
        new Cases(2, 9, 4, 2, 3, 2, 0, false, false, 0, false, true),
        new Cases(2, 9, 4, 2, 3, 2, 0, false, false, 0, true, false),
        new Cases(2, 70, 3, 1, 3, 2, 20, false, true, 0, true, true),
        new Cases(1, 400, 2, 1, 2, 3, 0, false, false, 0, true, true),
        new Cases(1, 400, 1, 1, 3, 3, 150, false, false, 0, true, false));
  }

  Recurrence recurrence() {
    return bidirectional ? causalRecurrence().bidirectional() : causalRecurrence();
  }

  AttentionRecurrence causalRecurrence() {
    AttentionRecurrence recurrence = AttentionRecurrence.causal();
    recurrence = window > 0 ? recurrence.withWindow(window) : recurrence;
    recurrence = alibi ? recurrence.withAlibi() : recurrence;
    return scale > 0 ? recurrence.withScale(scale) : recurrence;
  }

  Map<String, INDArray> arrays(DataType type, long seed) {
    Random random = new Random(seed);
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    arrays.put("q", normal(random, batch, steps, queryHeads, keyDim).castTo(type));
    arrays.put("k", normal(random, batch, steps, heads, keyDim).castTo(type));
    arrays.put("v", normal(random, batch, steps, heads, valueDim).castTo(type));
    if (forgets) {
      INDArray g = normal(random, batch, steps, queryHeads);
      arrays.put("g", Transforms.log(Transforms.sigmoid(g.addi(2))).castTo(type));
    }
    if (sinks) {
      arrays.put("sink", normal(random, queryHeads).castTo(type));
    }
    return arrays;
  }

  INDArray cotangent(DataType type, long seed) {
    return normal(new Random(~seed), batch, steps, queryHeads, valueDim).castTo(type);
  }

  /** The oracle of one row whose first n positions are valid. */
  AttentionOracle oracle(Map<String, INDArray> arrays, int row, int n) {
    double[] slopes = alibi ? AlibiSlopes.of(queryHeads) : null;
    return new AttentionOracle(
        row(arrays.get("q"), row, n),
        row(arrays.get("k"), row, n),
        row(arrays.get("v"), row, n),
        window,
        bidirectional,
        slopes,
        scale > 0 ? scale : Math.pow(keyDim, -0.5),
        forgets ? matrix(arrays.get("g"), row, n) : null,
        sinks ? arrays.get("sink").toDoubleVector() : null);
  }

  static double[][] matrix(INDArray array, int row, int n) {
    double[][] values = new double[n][(int) array.size(2)];
    for (int t = 0; t < n; t++) {
      for (int h = 0; h < values[t].length; h++) {
        values[t][h] = array.getDouble(row, t, h);
      }
    }
    return values;
  }

  static double[][][] row(INDArray array, int row, int n) {
    double[][][] values = new double[n][(int) array.size(2)][(int) array.size(3)];
    for (int t = 0; t < n; t++) {
      for (int h = 0; h < values[t].length; h++) {
        for (int i = 0; i < values[t][h].length; i++) {
          values[t][h][i] = array.getDouble(row, t, h, i);
        }
      }
    }
    return values;
  }

  static INDArray normal(Random random, long... shape) {
    INDArray array = Nd4j.create(DataType.DOUBLE, shape);
    for (long i = 0; i < array.length(); i++) {
      array.putScalar(i, random.nextGaussian());
    }
    return array;
  }

  static Map<String, Variable> variables(Tape tape, Map<String, INDArray> arrays) {
    Map<String, Variable> variables = new LinkedHashMap<>();
    arrays.forEach((name, array) -> variables.put(name, tape.variable(array)));
    return variables;
  }

  /** Positions [from, to) of every array that has positions, contiguous. */
  static Map<String, INDArray> slice(Map<String, INDArray> arrays, int from, int to) {
    Map<String, INDArray> slices = new LinkedHashMap<>();
    arrays.forEach(
        (name, array) -> slices.put(name, array.rank() == 1 ? array : slice(array, from, to)));
    return slices;
  }

  static INDArray slice(INDArray array, int from, int to) {
    long[] shape = array.shape().clone();
    long size = array.length() / (shape[0] * shape[1]);
    INDArray flat = array.reshape('c', shape[0], shape[1] * size);
    shape[1] = (long) to - from;
    INDArray part = flat.get(NDArrayIndex.all(), NDArrayIndex.interval(from * size, to * size));
    return part.dup('c').reshape('c', shape);
  }
}
