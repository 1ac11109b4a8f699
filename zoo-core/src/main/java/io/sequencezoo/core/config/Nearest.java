package io.sequencezoo.core.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Finds the name that was probably meant. */
public final class Nearest {
  private Nearest() {}

  /**
   * What to say of a name that isn't one of these: the nearest, if it is near, and all.
   *
   * @return {@code "; did you mean b; known are a, b, c"}
   */
  public static String hint(String name, Collection<String> known) {
    List<String> sorted = known.stream().sorted().toList();
    Optional<String> nearest =
        sorted.stream()
            .filter(other -> distance(name, other) <= Math.max(1, name.length() / 2))
            .min(Comparator.comparingInt(other -> distance(name, other)));
    return nearest.map(other -> "; did you mean " + other).orElse("")
        + "; known are "
        + String.join(", ", sorted);
  }

  /**
   * Letters to insert, delete or replace (Levenshtein); case and {@code _} and {@code -} are no
   * difference.
   */
  static int distance(String one, String other) {
    String a = plain(one);
    String b = plain(other);
    if (a.startsWith(b) || b.startsWith(a)) {
      return 1;
    }
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[_-]", "");
  }
}
