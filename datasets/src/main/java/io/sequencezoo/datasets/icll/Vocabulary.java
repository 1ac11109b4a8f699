package io.sequencezoo.datasets.icll;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * The tokens of a prompt, numbered as in the reference by the order of their characters: the pad
 * {@code .} is 0, the symbols {@code a, b, ...} are 1 to {@code symbols}, the separator {@code |}
 * is the last.
 *
 * @param symbols number of symbols, at most 26
 */
public record Vocabulary(int symbols) {
  /** The token that fills up rows of a batch; never part of a prompt. */
  public static final int PAD = 0;

  private static final int LETTERS = 26;

  /** Checks the number of symbols. */
  public Vocabulary {
    checkArgument(
        symbols >= 1 && symbols <= LETTERS,
        "icll vocabulary: symbols must be between 1 and %s, got %s",
        LETTERS,
        symbols);
  }

  /** The number of tokens: the symbols, the separator and the pad. */
  public int size() {
    return symbols + 2;
  }

  /** The token between two strings. */
  public int separator() {
    return symbols + 1;
  }

  /** The token of symbol 0, 1, ... */
  public int token(int symbol) {
    return symbol + 1;
  }

  /** The symbol of a token, or a number outside {@code [0, symbols)} for separator and pad. */
  public int symbol(int token) {
    return token - 1;
  }

  /** The character of a token. */
  public char character(int token) {
    checkArgument(
        token >= 0 && token < size(),
        "icll vocabulary: token must be between 0 and %s, got %s",
        size() - 1,
        token);
    if (token == PAD) {
      return '.';
    }
    return token == separator() ? '|' : (char) ('a' + symbol(token));
  }

  /** Tokens as the reference writes them: characters with spaces between. */
  public String text(int[] tokens) {
    StringBuilder text = new StringBuilder(2 * tokens.length);
    for (int token : tokens) {
      text.append(text.isEmpty() ? "" : " ").append(character(token));
    }
    return text.toString();
  }

  /** The tokens of characters; white space is skipped. */
  public int[] tokens(String text) {
    return text.chars().filter(c -> !Character.isWhitespace(c)).map(this::tokenOf).toArray();
  }

  private int tokenOf(int character) {
    for (int token = 0; token < size(); token++) {
      if (character(token) == character) {
        return token;
      }
    }
    throw new IllegalArgumentException(
        String.format(
            "icll vocabulary: characters must be a to %s, | or ., got %s",
            character(symbols), Character.toString(character)));
  }
}
