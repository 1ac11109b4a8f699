package io.sequencezoo.core.dynamics.memory;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;

/**
 * Where the gradient of an input goes.
 *
 * @param beta 0 to overwrite, 1 to add
 * @param <A> the array type
 */
record Sink<A>(Slab<A> slab, int beta) {
  /** That of input i, or null where it needs none. */
  static <A> Sink<A> of(Precision<A> precision, Cotangents cotangents, int i) {
    if (!cotangents.needs(i)) {
      return null;
    }
    Cotangents.Sink sink = cotangents.sink(i);
    return new Sink<>(precision.slab(sink.array()), sink.beta());
  }

  /** Writes or adds n numbers. */
  void put(Precision<A> precision, long at, A values, int n) {
    if (beta == 0) {
      slab.store(at, values, 0, n);
      return;
    }
    try (Scratch<A> scratch = precision.scratch()) {
      A sum = scratch.take(n);
      slab.load(at, sum, 0, n);
      precision.kernels().add(values, 0, sum, 0, sum, 0, n);
      slab.store(at, sum, 0, n);
    }
  }
}
