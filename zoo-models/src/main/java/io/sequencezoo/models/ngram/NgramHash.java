package io.sequencezoo.models.ngram;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Hash functions from n-grams to rows of one table.
 *
 * <pre>{@code
 * r_nk(t) = offset_nk + (i_t m_0 xor i_(t-1) m_1 xor ... i_(t-n+1) m_(n-1)) mod P_nk
 * }</pre>
 *
 * <p>The multipliers are odd and random; the P are primes of their own, so that what collides in
 * one head doesn't in the others.
 */
final class NgramHash {
  /** SplitMix64's increment: seeds of layers have all bits different. */
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private final int[] orders;
  private final int heads;
  private final long[] multipliers;
  private final int[] primes;
  private final int[] offsets;

  NgramHash(EngramConfig config, int layer) {
    this.orders = config.orders().stream().mapToInt(Integer::intValue).toArray();
    this.heads = config.heads();
    this.multipliers =
        new SplittableRandom(config.seed() + GAMMA * layer)
            .longs(longest())
            .map(bits -> bits | 1)
            .toArray();
    this.primes = primes(config.rows(), orders.length * heads);
    this.offsets = new int[primes.length + 1];
    for (int k = 0; k < primes.length; k++) {
      offsets[k + 1] = Math.addExact(offsets[k], primes[k]);
    }
  }

  private static int[] primes(int from, int count) {
    List<Integer> primes = new ArrayList<>();
    for (int p = Math.max(2, from); primes.size() < count; p++) {
      if (isPrime(p)) {
        primes.add(p);
      }
    }
    return primes.stream().mapToInt(Integer::intValue).toArray();
  }

  private static boolean isPrime(int p) {
    for (int d = 2; (long) d * d <= p; d++) {
      if (p % d == 0) {
        return false;
      }
    }
    return true;
  }

  /** The most tokens that a row depends on. */
  int longest() {
    return orders[orders.length - 1];
  }

  /** Rows that every position reads. */
  int perPosition() {
    return primes.length;
  }

  /** Rows of the table. */
  int rows() {
    return offsets[primes.length];
  }

  /** Writes the rows of the n-grams that end at a token. */
  void write(int[] tokens, int last, int[] into, int at) {
    long mix = 0;
    int taken = 0;
    for (int o = 0; o < orders.length; o++) {
      for (; taken < orders[o]; taken++) {
        mix ^= tokens[last - taken] * multipliers[taken];
      }
      for (int h = 0; h < heads; h++) {
        int k = o * heads + h;
        into[at + k] = offsets[k] + (int) Math.floorMod(mix, (long) primes[k]);
      }
    }
  }
}
