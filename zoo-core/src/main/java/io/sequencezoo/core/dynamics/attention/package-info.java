/**
 * Softmax attention as a driven dynamical system: the state is the set of keys and values seen so
 * far, or the last W of them, and the read-out is a softmax-weighted mean of the values.
 */
package io.sequencezoo.core.dynamics.attention;
