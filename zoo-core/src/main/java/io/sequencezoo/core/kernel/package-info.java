/**
 * Loops over primitive arrays, chosen once for the machine; the only package that imports {@code
 * jdk.incubator.vector} or calls BLAS. Algorithms above are written against {@link
 * io.sequencezoo.core.kernel.Kernels} once, for both precisions.
 */
package io.sequencezoo.core.kernel;
