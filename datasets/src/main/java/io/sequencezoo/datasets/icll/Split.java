package io.sequencezoo.datasets.icll;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.google.common.hash.HashCode;

/**
 * The three parts of the data. Which part a language, or an example of another task, belongs to is
 * decided by a hash of it, so that no two parts share one, whatever the seeds and however many
 * problems are drawn.
 */
public enum Split {
  /** For training: half of all languages. */
  @JsonProperty("train")
  TRAIN,
  /** For selection: a quarter of all languages. */
  @JsonProperty("validation")
  VALIDATION,
  /** For reporting: a quarter of all languages. */
  @JsonProperty("test")
  TEST;

  /** The split that a language belongs to. */
  static Split of(Automaton automaton) {
    return of(automaton.hash());
  }

  /** The split that something belongs to, by a hash of what it is. */
  public static Split of(HashCode content) {
    int quarter = Math.floorMod(content.asInt(), 4);
    return quarter == 0 ? TEST : quarter == 1 ? VALIDATION : TRAIN;
  }

  /** The name in files and on the command line. */
  public String label() {
    return switch (this) {
      case TRAIN -> "train";
      case VALIDATION -> "validation";
      case TEST -> "test";
    };
  }
}
