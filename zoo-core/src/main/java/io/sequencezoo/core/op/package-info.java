/**
 * Coarse differentiable operations with pullbacks derived by hand: products, norms, embeddings,
 * losses, rotary positions, short convolutions, activations and dropout. Each is one entry of the
 * tape, runs tile by tile on the heap in parallel, works in both precisions, and gives the same
 * bits for any number of threads.
 */
package io.sequencezoo.core.op;
