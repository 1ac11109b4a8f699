package io.sequencezoo.core.dynamics;

/**
 * A structured matrix {@code Λ} that moves a state of N numbers by one step.
 *
 * <p>Implementations exist for the structures that the families have; each knows its product with a
 * vector, with the transpose, and its dense form.
 */
public interface Transition {
  /** N. */
  int size();

  /** {@code Λ h}. */
  double[] apply(double[] h);

  /** {@code Λᵀ h}. */
  double[] applyTransposed(double[] h);

  /** {@code Λ} as N rows of N numbers. */
  double[][] toDense();
}
