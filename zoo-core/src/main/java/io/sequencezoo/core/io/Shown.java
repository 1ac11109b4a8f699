package io.sequencezoo.core.io;

import java.util.Collection;
import java.util.stream.Collectors;

/** What a file says, fit for a message of one line. */
final class Shown {
  /** Longer texts are cut: no name of ours is. */
  private static final int LONGEST = 200;

  private Shown() {}

  /** The text with control characters escaped, cut where it is long. */
  static String of(String text) {
    StringBuilder shown = new StringBuilder();
    text.substring(0, Math.min(LONGEST, text.length()))
        .chars()
        .forEach(
            c -> {
              boolean breaks = Character.isISOControl(c) || c == '\u2028' || c == '\u2029';
              shown.append(breaks ? String.format("\\u%04x", c) : String.valueOf((char) c));
            });
    return text.length() <= LONGEST
        ? shown.toString()
        : shown + "... (" + text.length() + " characters)";
  }

  /** Names in brackets, of many only the first. */
  static String of(Collection<String> names) {
    String some = names.stream().limit(10).map(Shown::of).collect(Collectors.joining(", "));
    int more = names.size() - 10;
    return "[" + some + (more > 0 ? ", and " + more + " more]" : "]");
  }
}
