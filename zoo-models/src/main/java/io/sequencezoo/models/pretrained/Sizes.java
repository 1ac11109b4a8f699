package io.sequencezoo.models.pretrained;

/** Sizes that public configurations give as numbers and the zoo as shares of the width. */
final class Sizes {
  private Sizes() {}

  /** The number that gives the size when it is multiplied by the width. */
  static double ratio(int size, int width) {
    double ratio = (double) size / width;
    double above = Math.nextUp(ratio);
    // The quotient is rounded, and so is the product.
    return width * ratio == size ? ratio : width * above == size ? above : Math.nextDown(ratio);
  }

  /** The next multiple at or above a size. */
  static int roundedUp(double size, int multiple) {
    return (int) Math.floor((size + multiple - 1) / multiple) * multiple;
  }
}
