package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Collectors;

/** How tokens are written for people, and which of them inputs are made of. */
public interface Alphabet {
  /** How a token is written. */
  String symbol(int token);

  /** The tokens of a text. */
  int[] tokens(String text);

  /** Tokens drawn as inputs are. */
  int[] sample(Random random, int length);

  /** Tokens as a text. */
  default String text(int[] tokens) {
    return Arrays.stream(tokens).mapToObj(this::symbol).collect(Collectors.joining(" "));
  }

  /** Tokens written as numbers with white space between, all of which are inputs. */
  static Alphabet numbers(int vocabulary) {
    return numbers(vocabulary, vocabulary);
  }

  /** Tokens written as numbers with white space between; inputs are those below {@code inputs}. */
  static Alphabet numbers(int vocabulary, int inputs) {
    return new Alphabet() {
      @Override
      public String symbol(int token) {
        return Integer.toString(token);
      }

      @Override
      public int[] tokens(String text) {
        return text.isBlank()
            ? new int[0]
            : Arrays.stream(text.strip().split("\\s+")).mapToInt(this::token).toArray();
      }

      private int token(String word) {
        checkArgument(
            word.matches("\\d{1,9}") && Integer.parseInt(word) < vocabulary,
            "text: must be token numbers below %s with spaces between, got %s",
            vocabulary,
            word);
        return Integer.parseInt(word);
      }

      @Override
      public int[] sample(Random random, int length) {
        return random.ints(length, 0, inputs).toArray();
      }
    };
  }
}
