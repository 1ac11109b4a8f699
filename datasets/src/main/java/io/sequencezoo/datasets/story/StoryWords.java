package io.sequencezoo.datasets.story;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.stream.IntStream;

/** The words of stories, numbered: the tokens. */
public final class StoryWords {
  static final List<String> PEOPLE = List.of("ada", "ben", "cleo", "dan");
  static final List<String> PLACES =
      List.of("attic", "bakery", "cellar", "garden", "library", "stable");
  static final List<String> THINGS = List.of("coin", "lamp", "map", "pear", "rope");
  static final List<String> NUMBERS = List.of("none", "one", "two", "three", "four", "five");
  static final String STOP = ".";
  static final String ASK = "?";
  private static final List<String> OTHERS =
      List.of(
          STOP, ASK, "walks", "to", "the", "picks", "up", "puts", "down", "hands", "where", "is",
          "was", "before", "who", "holds", "in", "what", "does", "hold", "how", "many", "things",
          "yes", "no");

  /** All of them; a word's number is its token. */
  public static final List<String> ALL =
      ImmutableList.<String>builder()
          .addAll(PEOPLE)
          .addAll(PLACES)
          .addAll(THINGS)
          .addAll(NUMBERS)
          .addAll(OTHERS)
          .build();

  private StoryWords() {}

  /** The tokens of words. */
  static int[] tokens(List<String> words) {
    return words.stream().mapToInt(ALL::indexOf).toArray();
  }

  /** The words of tokens. */
  public static List<String> words(int[] tokens) {
    return IntStream.of(tokens).mapToObj(ALL::get).toList();
  }
}
