package io.sequencezoo.models.ngram;

/** Numbers pairs in the order in which they come: a hash table with linear probing. */
final class PairNumbers {
  /** Fibonacci hashing: 2^64 over the golden ratio spreads what differs in low bits. */
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final long[] keys;
  private final int[] numbers;
  private final int shift;
  private int count;

  /** A table of at most this many pairs. */
  PairNumbers(int most) {
    int bits = 33 - Integer.numberOfLeadingZeros(Math.max(1, most));
    this.keys = new long[1 << bits];
    this.numbers = new int[1 << bits];
    this.shift = Long.SIZE - bits;
  }

  /** The number of a pair, a new one where it hasn't come before. */
  int of(int first, int second) {
    long key = ((long) first << Integer.SIZE) | (second & 0xFFFF_FFFFL);
    int slot = (int) ((key * GOLDEN) >>> shift);
    // Numbers are kept from 1: 0 is an empty slot.
    while (numbers[slot] != 0 && keys[slot] != key) {
      slot = (slot + 1) & (keys.length - 1);
    }
    if (numbers[slot] == 0) {
      keys[slot] = key;
      numbers[slot] = ++count;
    }
    return numbers[slot] - 1;
  }
}
