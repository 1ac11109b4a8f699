package io.sequencezoo.core.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** The vector width of this machine, and sums over lanes in one fixed order. */
final class Lanes {
  /** The machine's preferred width, at most the 16 lanes that the code below is written for. */
  static final VectorSpecies<Float> SPECIES =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED;

  /** The bits of these floats. */
  static final VectorSpecies<Integer> BITS = SPECIES.withLanes(int.class);

  /** Floats in a vector: 4, 8 or 16. */
  static final int COUNT = SPECIES.length();

  /** Lane i of {@code SWAP_d} is lane i xor d. */
  static final VectorShuffle<Float> SWAP_1 = swap(1);

  static final VectorShuffle<Float> SWAP_2 = swap(2);
  static final VectorShuffle<Float> SWAP_4 = swap(4);
  static final VectorShuffle<Float> SWAP_8 = swap(8);

  private Lanes() {}

  private static VectorShuffle<Float> swap(int distance) {
    return VectorShuffle.fromOp(SPECIES, i -> (i ^ distance) & (COUNT - 1));
  }

  static FloatVector load(float[] a, int at) {
    return FloatVector.fromArray(SPECIES, a, at);
  }

  static FloatVector all(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  /**
   * The sum of the lanes. {@code reduceLanes} leaves its order to the virtual machine, so that
   * interpreted and compiled code could differ in the last bit.
   */
  static float sum(FloatVector v) {
    FloatVector s = v.add(v.rearrange(SWAP_1));
    s = s.add(s.rearrange(SWAP_2));
    if (COUNT >= 8) {
      s = s.add(s.rearrange(SWAP_4));
    }
    if (COUNT >= 16) {
      s = s.add(s.rearrange(SWAP_8));
    }
    return s.lane(0);
  }
}
