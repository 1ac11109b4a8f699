/**
 * Reverse-mode differentiation over INDArrays: a tape of coarse operations, each its outputs, its
 * inputs and its pullback, with one memory workspace per step.
 */
package io.sequencezoo.core.autodiff;
