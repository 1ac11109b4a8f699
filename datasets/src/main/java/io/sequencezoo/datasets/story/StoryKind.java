package io.sequencezoo.datasets.story;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * What a story is asked. The kinds are among those of bAbI (Weston et al. 2015, arXiv 1502.05698);
 * words and generator are our own.
 */
public enum StoryKind {
  /** Where a person is: one sentence says it. */
  @JsonProperty("one_fact")
  ONE_FACT,
  /** Where a thing is: who has it, or put it down, and where that person is or was. */
  @JsonProperty("two_facts")
  TWO_FACTS,
  /** Where a thing was before it came to a place. */
  @JsonProperty("three_facts")
  THREE_FACTS,
  /** Who holds a thing that is handed from one to another. */
  @JsonProperty("holding")
  HOLDING,
  /** Whether a person is at a place. */
  @JsonProperty("yes_no")
  YES_NO,
  /** How many things a person holds. */
  @JsonProperty("counting")
  COUNTING,
  /** Which things a person holds, in the order of taking: an answer of several words. */
  @JsonProperty("list")
  LIST;

  /** The name in files and on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether things are taken, put down and handed on. */
  boolean hasThings() {
    return this != ONE_FACT && this != YES_NO;
  }
}
