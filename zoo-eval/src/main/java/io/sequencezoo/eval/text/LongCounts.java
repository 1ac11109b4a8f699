package io.sequencezoo.eval.text;

import java.util.Arrays;

/** Counts by whole numbers from 0 on: an open table, of 12 bytes per place. */
final class LongCounts {
  private static final long EMPTY = -1;
  private static final int FIRST_PLACES = 64;

  private long[] keys = emptyKeys(FIRST_PLACES);
  private int[] counts = new int[FIRST_PLACES];
  private int size;

  private static long[] emptyKeys(int places) {
    long[] keys = new long[places];
    Arrays.fill(keys, EMPTY);
    return keys;
  }

  /** The number of keys. */
  int size() {
    return size;
  }

  /** The count of a key, 0 where it never came. */
  int get(long key) {
    int place = place(keys, key);
    return keys[place] == EMPTY ? 0 : counts[place];
  }

  /** Adds to the count of a key. */
  void add(long key, int count) {
    int place = place(keys, key);
    if (keys[place] == EMPTY) {
      keys[place] = key;
      size++;
    }
    counts[place] += count;
    if (2 * size > keys.length) {
      grow();
    }
  }

  private static int place(long[] keys, long key) {
    // The upper bits of a product by an odd number depend on all bits.
    long mixed = key * 0x9E3779B97F4A7C15L;
    int place = (int) (mixed >>> 32) & (keys.length - 1);
    while (keys[place] != EMPTY && keys[place] != key) {
      place = (place + 1) & (keys.length - 1);
    }
    return place;
  }

  private void grow() {
    long[] wider = emptyKeys(2 * keys.length);
    int[] moved = new int[wider.length];
    forEach(
        (key, count) -> {
          int place = place(wider, key);
          wider[place] = key;
          moved[place] = count;
        });
    keys = wider;
    counts = moved;
  }

  /** Takes a key and its count. */
  interface Entries {
    void take(long key, int count);
  }

  /** All keys with their counts, in no order that means anything. */
  void forEach(Entries entries) {
    for (int place = 0; place < keys.length; place++) {
      if (keys[place] != EMPTY) {
        entries.take(keys[place], counts[place]);
      }
    }
  }
}
