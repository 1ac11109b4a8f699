package io.sequencezoo.core.kernel;

/**
 * Gradients of a {@link SelectiveSystem}, laid out as what they are of.
 *
 * @param <A> the array type, {@code float[]} or {@code double[]}
 * @param y of the outputs
 * @param h what reaches the last state from behind; on return, of the state before the first step
 * @param dt written; x likewise
 * @param a added to; b and c likewise
 */
public record SelectiveGradients<A>(A y, A h, A dt, A x, A a, A b, A c) {}
