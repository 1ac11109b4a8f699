package io.sequencezoo.core.kernel;

import static io.sequencezoo.core.kernel.Lanes.COUNT;
import static io.sequencezoo.core.kernel.Lanes.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost blocks of the matrix product, {@code C = Z + A B} in registers; most are printed
 * into {@link VectorMicroBlocks}.
 *
 * <p>Element (i, p) of A is {@code a[ao + i down + p along]}, so that a transposed A needs no copy.
 * Z is C, or one row of zeros (ldz = 0) where C must not be read.
 */
final class VectorMicro {

  private VectorMicro() {}

  /** {@code C = Z + A B} for m rows and v vectors of columns, v being 1, 2 or 4. */
  static void rows(
      int v,
      int m,
      int k,
      float[] a,
      int ao,
      int down,
      int along,
      float[] b,
      int bo,
      int ldb,
      float[] z,
      int zo,
      int ldz,
      float[] c,
      int co,
      int ldc) {
    if (v == 4) {
      VectorMicroBlocks.rows4(m, k, a, ao, down, along, b, bo, ldb, z, zo, ldz, c, co, ldc);
    } else if (v == 2) {
      VectorMicroBlocks.rows2(m, k, a, ao, down, along, b, bo, ldb, z, zo, ldz, c, co, ldc);
    } else {
      VectorMicroBlocks.rows1(m, k, a, ao, down, along, b, bo, ldb, z, zo, ldz, c, co, ldc);
    }
  }

  /**
   * One row and two panels of four vectors each, {@code next} elements apart. One panel's four sums
   * alone wait for each other and for memory; eight, from two streams, keep both busy.
   */
  static void rows1x8(
      int k,
      float[] a,
      int ao,
      float[] b,
      int bo,
      int next,
      float[] z,
      int zo,
      int zo2,
      float[] c,
      int co) {
    FloatVector c0 = FloatVector.fromArray(SPECIES, z, zo);
    FloatVector c1 = FloatVector.fromArray(SPECIES, z, zo + COUNT);
    FloatVector c2 = FloatVector.fromArray(SPECIES, z, zo + 2 * COUNT);
    FloatVector c3 = FloatVector.fromArray(SPECIES, z, zo + 3 * COUNT);
    FloatVector c4 = FloatVector.fromArray(SPECIES, z, zo2);
    FloatVector c5 = FloatVector.fromArray(SPECIES, z, zo2 + COUNT);
    FloatVector c6 = FloatVector.fromArray(SPECIES, z, zo2 + 2 * COUNT);
    FloatVector c7 = FloatVector.fromArray(SPECIES, z, zo2 + 3 * COUNT);
    for (int p = 0; p < k; p++) {
      int bt = bo + p * 4 * COUNT;
      int bu = bt + next;
      FloatVector x = FloatVector.broadcast(SPECIES, a[ao + p]);
      c0 = x.fma(FloatVector.fromArray(SPECIES, b, bt), c0);
      c4 = x.fma(FloatVector.fromArray(SPECIES, b, bu), c4);
      c1 = x.fma(FloatVector.fromArray(SPECIES, b, bt + COUNT), c1);
      c5 = x.fma(FloatVector.fromArray(SPECIES, b, bu + COUNT), c5);
      c2 = x.fma(FloatVector.fromArray(SPECIES, b, bt + 2 * COUNT), c2);
      c6 = x.fma(FloatVector.fromArray(SPECIES, b, bu + 2 * COUNT), c6);
      c3 = x.fma(FloatVector.fromArray(SPECIES, b, bt + 3 * COUNT), c3);
      c7 = x.fma(FloatVector.fromArray(SPECIES, b, bu + 3 * COUNT), c7);
    }
    c0.intoArray(c, co);
    c1.intoArray(c, co + COUNT);
    c2.intoArray(c, co + 2 * COUNT);
    c3.intoArray(c, co + 3 * COUNT);
    c4.intoArray(c, co + 4 * COUNT);
    c5.intoArray(c, co + 5 * COUNT);
    c6.intoArray(c, co + 6 * COUNT);
    c7.intoArray(c, co + 7 * COUNT);
  }
}
