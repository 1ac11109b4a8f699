package io.sequencezoo.core.autodiff;

/**
 * The backward pass of one operation: from the cotangents of its outputs to those of its inputs
 * (the vector-Jacobian product).
 */
@FunctionalInterface
public interface Pullback {
  /** Adds to the cotangent of every input that needs one. */
  void apply(Cotangents cotangents);
}
