/**
 * The shape alphabet: B batch, T time, D width, H heads, K key, V value, N state, W window. Layout
 * is always {@code [B, T, ...]}, row-major.
 */
package io.sequencezoo.core.shape;
