/**
 * Recurrences with a diagonal transition.
 *
 * <p>Time-invariant systems with a complex diagonal transition: state-space models. A complex array
 * is real, with an axis of two planes, real parts first, before its last axis; a transition is
 * given by its logarithm, so that its powers are exact for any number of steps.
 *
 * <p>Time-varying systems with a real one, whose decays the input sets: the element-wise scan of
 * gated linear recurrent units, and the selective scan.
 */
package io.sequencezoo.core.dynamics.vector;
