package io.sequencezoo.core.dynamics.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Finds the structure of a cell's Jacobian from full Jacobians at random states, drives and
 * parameters, and refuses cells whose positions meet.
 */
final class JacobianProbe {
  /** Two rows each show what one may hide; more catch branches. */
  private static final int POSITIONS = 6;

  /** States and drives reach this far: beyond where gates saturate half-way. */
  private static final double RANGE = 2;

  /** How far parameters are moved, so that zeros at initialisation hide nothing. */
  private static final double MOVED = 0.5;

  private static final long SEED = 97;

  private final TapeCell cell;
  private final CellFunction function;
  private final List<CellShape.Part> parts;
  private final int inputSize;
  private final List<INDArray> theta;
  private final int d;

  JacobianProbe(
      TapeCell cell,
      CellFunction function,
      List<CellShape.Part> parts,
      int inputSize,
      List<INDArray> theta) {
    this.cell = cell;
    this.function = function;
    this.parts = parts;
    this.inputSize = inputSize;
    this.theta = theta;
    this.d = parts.stream().mapToInt(CellShape.Part::size).sum();
  }

  /** The sparsest structure that fits, or the declared one if that fits. */
  JacobianStructure structure(JacobianStructure declared) {
    boolean[][] depends = new boolean[d][d];
    boolean seen = false;
    SplittableRandom random = new SplittableRandom(SEED);
    for (double moved : new double[] {0, MOVED}) {
      List<INDArray> values = new ArrayList<>();
      for (INDArray parameter : theta) {
        INDArray exact = parameter.castTo(DataType.DOUBLE).dup('c');
        for (long i = 0; i < exact.length(); i++) {
          exact.putScalar(i, exact.getDouble(i) + moved * random.nextDouble(-1, 1));
        }
        values.add(exact);
      }
      seen |= probe(values, random, depends);
    }
    checkArgument(
        seen,
        "cell %s: step must give finite states and derivatives for h and x in [-2, 2], got none",
        cell.name());
    if (declared != null) {
      for (int i = 0; i < d; i++) {
        for (int j = 0; j < d; j++) {
          checkArgument(
              !depends[i][j] || allows(declared, i, j),
              "cell %s: Jacobian must be %s as declared, got number %s of the next state depending"
                  + " on number %s of the last; declare %s, or nothing",
              cell.name(),
              declared,
              i,
              j,
              declared == JacobianStructure.DIAGONAL && allows(JacobianStructure.BLOCKS, i, j)
                  ? JacobianStructure.BLOCKS
                  : JacobianStructure.DENSE);
        }
      }
      return declared;
    }
    for (JacobianStructure structure :
        new JacobianStructure[] {JacobianStructure.DIAGONAL, JacobianStructure.BLOCKS}) {
      if (fits(structure, depends)) {
        return structure;
      }
    }
    return JacobianStructure.DENSE;
  }

  private boolean fits(JacobianStructure structure, boolean[][] depends) {
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        if (depends[i][j] && !allows(structure, i, j)) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean allows(JacobianStructure structure, int i, int j) {
    return switch (structure) {
      case DIAGONAL -> i == j;
      case BLOCKS -> {
        int n = parts.get(0).size();
        yield parts.stream().allMatch(part -> part.size() == n) && i % n == j % n;
      }
      default -> true;
    };
  }

  /** Marks what depends on what; false where nothing finite was seen. */
  private boolean probe(List<INDArray> values, SplittableRandom random, boolean[][] depends) {
    CellShape dense = new CellShape(JacobianStructure.DENSE, 1, d, 1, inputSize, parts, 0, false);
    TapeKernel<double[]> kernel =
        new TapeKernel<>(cell.name(), function, Precision.DOUBLE, dense, cell.parameters(), values);
    Planes<double[]> h = planes(d);
    Planes<double[]> x = planes(inputSize);
    fill(h, random);
    fill(x, random);
    Planes<double[]> next = planes(d);
    Planes<double[]> alone = planes(d);
    Planes<double[]> j = planes(d * d);
    kernel.linearise(POSITIONS, h, x, next, j);
    kernel.next(1, h.from(1), x.from(1), alone);
    boolean finite = true;
    for (int i = 0; i < d; i++) {
      double together = next.data()[d + i];
      finite &= Double.isFinite(together);
      double scale = Math.max(1, Math.abs(together));
      checkArgument(
          !Double.isFinite(together) || Math.abs(alone.data()[i] - together) <= 1e-9 * scale,
          "cell %s: row i of the next states must depend on row i of h and x alone, got %s with"
              + " other rows and %s without; reduce along axis 1 only",
          cell.name(),
          together,
          alone.data()[i]);
    }
    for (int t = 0; t < POSITIONS; t++) {
      for (int i = 0; i < d * d; i++) {
        depends[i / d][i % d] |= j.data()[t * d * d + i] != 0;
      }
    }
    return finite;
  }

  private static Planes<double[]> planes(int width) {
    return new Planes<>(new double[POSITIONS * width], POSITIONS, 1, width);
  }

  private static void fill(Planes<double[]> planes, SplittableRandom random) {
    for (int i = 0; i < planes.data().length; i++) {
      planes.data()[i] = random.nextDouble(-RANGE, RANGE);
    }
  }
}
