/**
 * Memories that learn at test time: the weights of a small network, moved by an optimiser's step
 * for every token.
 */
package io.sequencezoo.core.dynamics.memory;
