package io.sequencezoo.models.memory;

import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork.Part;
import io.sequencezoo.core.dynamics.memory.Retention;
import java.util.Arrays;

/** How the weights that a memory starts from are drawn, part by part. */
final class MemoryStart {
  private MemoryStart() {}

  /**
   * Normal of deviation {@code 1/√I}; biases zero. A leader in the q-norm starts at {@code 1/√(3
   * O)}, so that what {@code A / |A|_q^{q-2}} makes of it for q = 4 is again {@code 1/√I} wide; the
   * logarithms of a simplex at deviation 1 around its centre.
   */
  static Initialiser of(Part part, Retention retention, boolean isBias) {
    if (isBias) {
      return Initialisers.zeros();
    }
    if (retention instanceof Retention.Entropy entropy) {
      double share = entropy.wholeMatrix() ? (double) part.in() * part.out() : part.in();
      double centre = Math.log(entropy.total() / share);
      Initialiser around = Initialisers.normal(1);
      return (shape, random) ->
          Arrays.stream(around.values(shape, random)).map(x -> centre + x).toArray();
    }
    boolean leads = retention instanceof Retention.Lq && !retention.linear();
    return Initialisers.normal(1 / Math.sqrt(leads ? 3.0 * part.out() : part.in()));
  }
}
