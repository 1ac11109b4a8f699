package io.sequencezoo.datasets.icll;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A language and a prompt of strings from it, joined by separators, without marks at start and end.
 *
 * <pre>{@code
 * prompt  a b | a c     T = 4 positions
 * inputs  a b | a
 * labels  b . a c       . is IGNORED: no model is trained to end a string
 * }</pre>
 *
 * After the input at position t the automaton is in state {@code state(t)}; after a separator that
 * is the initial state, and the first symbol of a string is a target as any other.
 */
public final class Problem {
  /** The label of a position that doesn't count. */
  public static final int IGNORED = -100;

  private final Split split;
  private final int index;
  private final Vocabulary vocabulary;
  private final Automaton automaton;
  private final int[] tokens;
  private final byte[] states;

  /**
   * A problem of which the prompt is known.
   *
   * @param index its number in the split
   * @param tokens the whole prompt: symbols and separators
   */
  public Problem(Split split, int index, Automaton automaton, int[] tokens) {
    this.split = split;
    this.index = index;
    this.automaton = automaton;
    this.vocabulary = new Vocabulary(automaton.symbols());
    this.tokens = tokens.clone();
    checkArgument(tokens.length >= 2, "icll problem: must have 2 tokens, got %s", tokens.length);
    this.states = trace();
  }

  private byte[] trace() {
    byte[] trace = new byte[tokens.length];
    int state = 0;
    for (int t = 0; t < tokens.length; t++) {
      int symbol = vocabulary.symbol(tokens[t]);
      if (tokens[t] == vocabulary.separator()) {
        state = 0;
      } else {
        checkArgument(
            symbol >= 0 && symbol < automaton.symbols() && automaton.next(state, symbol) >= 0,
            "icll problem: the automaton must accept every string, got token %s at position %s",
            tokens[t],
            t);
        state = automaton.next(state, symbol);
      }
      trace[t] = (byte) state;
    }
    return trace;
  }

  /** Its number in the split. */
  public int index() {
    return index;
  }

  /** Its tokens' meaning. */
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /** Its language. */
  public Automaton automaton() {
    return automaton;
  }

  /** The number of positions, T: one less than the tokens of the prompt. */
  public int length() {
    return tokens.length - 1;
  }

  /** The whole prompt. */
  public int[] tokens() {
    return tokens.clone();
  }

  /** The input at a position. */
  public int input(int t) {
    return tokens[t];
  }

  /** The label of a position: the token after it, or {@link #IGNORED} where that is a separator. */
  public int label(int t) {
    return tokens[t + 1] == vocabulary.separator() ? IGNORED : tokens[t + 1];
  }

  /** The automaton's state after the input at a position. */
  public int state(int t) {
    return states[t];
  }

  /** Whether the language allows a token after the input at a position; never separator or pad. */
  public boolean isLegal(int t, int token) {
    int symbol = vocabulary.symbol(token);
    return symbol >= 0
        && symbol < automaton.symbols()
        && (automaton.legal(states[t]) >>> symbol & 1) == 1;
  }

  /** The number of tokens that the language allows after the input at a position. */
  public int legalCount(int t) {
    return Integer.bitCount(automaton.legal(states[t]));
  }

  /** The prompt as the reference writes it: characters with spaces between. */
  public String text() {
    return vocabulary.text(tokens);
  }

  /** A form for files and eyes. */
  public Description describe() {
    List<Map<String, Integer>> transitions = new ArrayList<>();
    for (int state = 0; state < automaton.states(); state++) {
      Map<String, Integer> row = new LinkedHashMap<>();
      for (int symbol = 0; symbol < automaton.symbols(); symbol++) {
        if (automaton.next(state, symbol) != Automaton.NONE) {
          String name = String.valueOf(vocabulary.character(vocabulary.token(symbol)));
          row.put(name, automaton.next(state, symbol));
        }
      }
      transitions.add(row);
    }
    return new Description(split, index, automaton.symbols(), transitions, text());
  }

  /**
   * A problem in a form for JSON.
   *
   * @param transitions per state, from the initial state on: symbol to successor
   * @param prompt the prompt's characters with spaces between
   */
  public record Description(
      Split split, int index, int symbols, List<Map<String, Integer>> transitions, String prompt) {

    /** The problem described. */
    public Problem problem() {
      Vocabulary vocabulary = new Vocabulary(symbols);
      int[][] table = new int[transitions.size()][symbols];
      for (int state = 0; state < table.length; state++) {
        Arrays.fill(table[state], Automaton.NONE);
        for (Map.Entry<String, Integer> edge : transitions.get(state).entrySet()) {
          int symbol = vocabulary.symbol(vocabulary.tokens(edge.getKey())[0]);
          checkArgument(
              symbol >= 0 && symbol < symbols,
              "icll problem: transitions must be on symbols, got %s",
              edge.getKey());
          table[state][symbol] = edge.getValue();
        }
      }
      return new Problem(split, index, Automaton.of(table), vocabulary.tokens(prompt));
    }
  }
}
