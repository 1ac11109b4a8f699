package io.sequencezoo.core.kernel;

import org.bytedeco.openblas.global.openblas;

/**
 * What computes on this machine, for the provenance of results.
 *
 * @param provider the kernels of single precision, such as {@code vector-512} or {@code scalar}
 * @param reason why they are scalar, empty if they are not
 * @param threads the size of the pool
 * @param blas name and version of the BLAS library
 */
public record KernelInfo(String provider, String reason, int threads, String blas) {

  /** What computes now. */
  public static KernelInfo current() {
    return new KernelInfo(
        Providers.floats().name(),
        Providers.reason(),
        Parallel.threads(),
        openblas.OPENBLAS_VERSION.trim());
  }
}
