package io.sequencezoo.datasets.mad;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * The tasks of mechanistic architecture design (Poli et al. 2024, arXiv 2403.17844), with the
 * settings of its code's baseline where nothing else is said.
 */
public enum MadTask {
  /** Keys and values in turn; the value of a key that came before is to be told once more. */
  @JsonProperty("in_context_recall")
  IN_CONTEXT_RECALL,
  /** The same where keys and values are of one to three tokens. */
  @JsonProperty("fuzzy_recall")
  FUZZY_RECALL,
  /** The same with tokens between that mean nothing. */
  @JsonProperty("noisy_recall")
  NOISY_RECALL,
  /** Tokens among blanks, to be told in their order at the end. */
  @JsonProperty("selective_copying")
  SELECTIVE_COPYING,
  /** Random tokens, all of which are to be told from a sign behind them on. */
  @JsonProperty("compression")
  COMPRESSION,
  /** Keys whose values are the same in all examples and shown in none. */
  @JsonProperty("memorisation")
  MEMORISATION;

  /** The name in files and on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
