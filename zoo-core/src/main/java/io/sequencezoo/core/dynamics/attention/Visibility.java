package io.sequencezoo.core.dynamics.attention;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;

/**
 * Which keys a query sees. Keys are counted from the first one held: those of the state first, then
 * the new ones.
 *
 * @param bidirectional whether keys after the query are seen
 * @param window W, keys nearer than W positions are seen; {@link #UNLIMITED} for all
 */
record Visibility(boolean bidirectional, int window) {
  /** No window. */
  static final int UNLIMITED = Integer.MAX_VALUE;

  Visibility {
    checkArgument(window >= 1, "attention: window must be at least 1, got %s", window);
  }

  /** The first key that the query at index {@code at} sees. */
  int first(int at) {
    return Math.max(0, at - window + 1);
  }

  /** One past the last of {@code total} keys that the query at index {@code at} sees. */
  int end(int at, int total) {
    return (int) Math.min(total, bidirectional ? (long) at + window : at + 1L);
  }

  /** How many keys the state holds after {@code consumed} tokens. */
  int held(int consumed) {
    return Math.min(consumed, window);
  }

  /** The same of every row after one token more. */
  int[] heldAfterOne(int[] consumed) {
    return Arrays.stream(consumed).map(tokens -> held(tokens + 1)).toArray();
  }

  /** How many of its slots a state must hold for each row, after checking that it has them. */
  int[] held(String subject, int[] consumed, long slots) {
    int[] held = new int[consumed.length];
    Arrays.setAll(held, b -> held(consumed[b]));
    int most = Arrays.stream(held).max().orElse(0);
    checkArgument(
        most <= slots,
        "%s: state must hold %s keys after %s tokens, got %s",
        subject,
        most,
        Arrays.toString(consumed),
        slots);
    return held;
  }
}
