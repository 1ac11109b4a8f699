package io.sequencezoo.datasets.icll;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.util.Arrays;

/**
 * A deterministic automaton whose states all accept and whose missing transitions reject: a
 * language closed under prefixes. As a source it emits each symbol that its state allows with the
 * same probability.
 *
 * <p>Every instance is minimal and in canonical form: states are numbered from the initial state 0
 * in breadth-first order, successors in the order of the symbols. Two instances are therefore equal
 * exactly when their languages are.
 */
public final class Automaton {
  /** The successor where there is none. */
  public static final int NONE = -1;

  /** The most states that can be handled: sets of states are bits of a long, one is the sink. */
  static final int MAX_STATES = Long.SIZE - 1;

  private final int symbols;
  private final byte[] successors; // [state, symbol]
  private final int[] legal; // bit s of entry q: whether state q allows symbol s

  private Automaton(int[][] canonical) {
    symbols = canonical[0].length;
    successors = new byte[canonical.length * symbols];
    legal = new int[canonical.length];
    for (int state = 0; state < canonical.length; state++) {
      for (int symbol = 0; symbol < symbols; symbol++) {
        int successor = canonical[state][symbol];
        successors[state * symbols + symbol] = (byte) successor;
        legal[state] |= successor == NONE ? 0 : 1 << symbol;
      }
    }
  }

  /**
   * The minimal automaton of a language.
   *
   * @param transitions {@code [state, symbol]}: successor or {@link #NONE}; state 0 is initial, and
   *     every state needs a successor
   */
  public static Automaton of(int[][] transitions) {
    check(transitions);
    return new Automaton(Minimisation.canonical(transitions));
  }

  private static void check(int[][] transitions) {
    int states = transitions.length;
    checkArgument(
        states >= 1 && states <= MAX_STATES,
        "automaton: must have between 1 and %s states, got %s",
        MAX_STATES,
        states);
    for (int state = 0; state < states; state++) {
      int[] row = transitions[state];
      checkArgument(
          row.length == transitions[0].length && row.length >= 1 && row.length <= Integer.SIZE,
          "automaton: every state must list the same symbols, at most %s, got %s and %s",
          Integer.SIZE,
          transitions[0].length,
          row.length);
      checkArgument(
          Arrays.stream(row).allMatch(next -> next >= NONE && next < states),
          "automaton: successors must be below %s, got %s",
          states,
          Arrays.toString(row));
      checkArgument(
          Arrays.stream(row).anyMatch(next -> next != NONE),
          "automaton: every state must have a successor, got none for state %s",
          state);
    }
  }

  /** The number of states. */
  public int states() {
    return legal.length;
  }

  /** The number of symbols of the alphabet, used or not. */
  public int symbols() {
    return symbols;
  }

  /** The state after a symbol, or {@link #NONE}. */
  public int next(int state, int symbol) {
    return successors[state * symbols + symbol];
  }

  /** The symbols that a state allows: bit s is symbol s. */
  public int legal(int state) {
    return legal[state];
  }

  /** The symbols that any state allows: bit s is symbol s. */
  public int usedSymbols() {
    return Arrays.stream(legal).reduce(0, (a, b) -> a | b);
  }

  /** The number of transitions. */
  public int transitions() {
    return Arrays.stream(legal).map(Integer::bitCount).sum();
  }

  /** The state after a string from the initial state, or {@link #NONE} where it is rejected. */
  public int run(int... string) {
    int state = 0;
    for (int i = 0; i < string.length && state != NONE; i++) {
      state = next(state, string[i]);
    }
    return state;
  }

  /** A hash of the language, the same for ever. */
  HashCode hash() {
    Hasher hasher = Hashing.sha256().newHasher();
    return hasher.putInt(states()).putInt(symbols).putBytes(successors).hash();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Automaton that
        && symbols == that.symbols
        && Arrays.equals(successors, that.successors);
  }

  @Override
  public int hashCode() {
    return 31 * symbols + Arrays.hashCode(successors);
  }

  /** One line per state, such as {@code 0: a>1 c>2}. */
  @Override
  public String toString() {
    Vocabulary vocabulary = new Vocabulary(symbols);
    StringBuilder text = new StringBuilder();
    for (int state = 0; state < states(); state++) {
      text.append(state).append(':');
      for (int symbol = 0; symbol < symbols; symbol++) {
        if (next(state, symbol) != NONE) {
          text.append(' ').append(vocabulary.character(vocabulary.token(symbol)));
          text.append('>').append(next(state, symbol));
        }
      }
      text.append('\n');
    }
    return text.toString();
  }
}
