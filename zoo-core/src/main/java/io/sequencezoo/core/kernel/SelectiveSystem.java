package io.sequencezoo.core.kernel;

/**
 * A selective scan of n channels with N states each, all arrays from their first element:
 *
 * <pre>{@code
 * h_t[s] = e^{dt_t a[s]} h_{t-1}[s] + x_t b_t[s]        y_t = Σ_s h_t[s] c_t[s]
 * }</pre>
 *
 * @param <A> the array type, {@code float[]} or {@code double[]}
 * @param dt step sizes, rows of n; x likewise
 * @param a rates, N rows of n; normally negative
 * @param b rows of N, shared by the channels; c likewise
 * @param h the state, N rows of n
 * @param steps how many steps
 * @param states N
 * @param n how many channels
 */
public record SelectiveSystem<A>(A dt, A x, A a, A b, A c, A h, int steps, int states, int n) {}
