/**
 * Discrete-time dynamical systems driven by their input: recurrences, the solvers that advance
 * them, and the linear time-varying form that all of them share.
 */
package io.sequencezoo.core.dynamics;
