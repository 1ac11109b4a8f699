package io.sequencezoo.core.kernel;

import com.google.common.collect.ImmutableList;
import java.util.OptionalInt;

/**
 * What computes on this machine, for the provenance of results.
 *
 * @param provider the kernels of single precision, such as {@code vector-512} or {@code scalar}
 * @param reason why they are scalar, empty if they are not
 * @param threads the size of the pool
 * @param blas name and version of the BLAS library, such as {@code OpenBLAS 0.3.31}
 * @param core the processor that its kernels are written for, such as {@code Haswell}
 */
public record KernelInfo(String provider, String reason, int threads, String blas, String core) {

  /** What computes now. */
  public static KernelInfo current() {
    return of(Providers.floats().name(), Providers.reason());
  }

  static KernelInfo of(String provider, String reason) {
    OpenBlas blas = OpenBlas.loaded();
    return new KernelInfo(provider, reason, Parallel.threads(), blas.version(), blas.core());
  }

  /** Bits of a vector of the kernels, empty if they are scalar. */
  public OptionalInt vectorBits() {
    int dash = provider.indexOf('-');
    return dash < 0
        ? OptionalInt.empty()
        : OptionalInt.of(Integer.parseInt(provider.substring(dash + 1)));
  }

  /** Whatever makes this machine slower than it could be, each with its remedy. */
  public ImmutableList<String> remedies() {
    ImmutableList.Builder<String> found = ImmutableList.builder();
    new OpenBlas(blas, core)
        .remedy(VectorSupport.avx(), System.getenv(OpenBlas.VARIABLE))
        .ifPresent(found::add);
    if (Providers.isFallback()) {
      found.add("kernels: scalar, several times slower than with vectors: " + reason);
    }
    Parallel.remedy(threads, Runtime.getRuntime().availableProcessors(), OpenBlas.processors())
        .ifPresent(found::add);
    return found.build();
  }
}
