package io.sequencezoo.eval.analysis;

import java.util.Arrays;

/**
 * How far back a linear system remembers.
 *
 * <pre>{@code
 * P_t(n) = Λ_t Λ_{t-1} ... Λ_{t-n+1}
 * worst_t   = min { n : ‖P_t(n)‖₂ < 1/e }            the direction that lasts longest
 * typical_t = min { n : ‖P_t(n)‖_F / √N < 1/e }      the root mean square over directions
 * }</pre>
 *
 * <p>This is the time constant of an exponential decay carried over to transitions that change from
 * step to step: for {@code Λ = a I} both are {@code ⌈-1 / ln a⌉} (one more where that is whole).
 * The product is the one between input and output in the mixing matrix of the Dynamical Systems
 * Framework (Sieber et al., arXiv 2405.15731): beyond its memory length a system passes on less
 * than 1/e of what it held.
 *
 * @param worst per step; 0 where not even the product over all steps so far is below 1/e
 * @param typical likewise
 */
public record MemoryLength(int[] worst, int[] typical) {
  private static final double THRESHOLD = Math.exp(-1);

  /** The median over steps, with those unresolved as the longest; 0 where it is one of them. */
  public static int median(int[] lengths) {
    int[] sorted =
        Arrays.stream(lengths).map(n -> n == 0 ? Integer.MAX_VALUE : n).sorted().toArray();
    int median = sorted[(sorted.length - 1) / 2];
    return median == Integer.MAX_VALUE ? 0 : median;
  }

  static MemoryLength of(TransitionParts parts) {
    int steps = parts.steps();
    int[] worst = new int[steps];
    int[] typical = new int[steps];
    for (int t = 0; t < steps; t++) {
      double[][][] product = new double[parts.count()][][];
      for (int n = 1; n <= t + 1 && (worst[t] == 0 || typical[t] == 0); n++) {
        double squares = 0;
        int variables = 0;
        for (int p = 0; p < product.length; p++) {
          double[][] factor = parts.matrix(t - n + 1, p);
          product[p] = n == 1 ? factor : SmallMatrices.multiply(product[p], factor);
          double frobenius = SmallMatrices.frobenius(product[p]);
          squares += parts.copies(p) * frobenius * frobenius;
          variables += parts.copies(p) * factor.length;
        }
        if (typical[t] == 0 && Math.sqrt(squares / variables) < THRESHOLD) {
          typical[t] = n;
        }
        if (worst[t] == 0 && isBelow(product)) {
          worst[t] = n;
        }
      }
    }
    return new MemoryLength(worst, typical);
  }

  private static boolean isBelow(double[][][] product) {
    for (double[][] part : product) {
      double frobenius = SmallMatrices.frobenius(part);
      // The norm is between these two; the iteration is for what they leave open.
      if (frobenius / Math.sqrt(part.length) >= THRESHOLD) {
        return false;
      }
      if (frobenius >= THRESHOLD && SmallMatrices.spectralNorm(part) >= THRESHOLD) {
        return false;
      }
    }
    return true;
  }
}
