package io.sequencezoo.datasets.formal;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * Languages whose strings are read to tell something that takes a state to know. The first ones are
 * of the study of the Chomsky hierarchy by Delétang et al. (arXiv 2207.02098); word problems of
 * groups and Dyck languages of those of what linear recurrences can express.
 */
public enum FormalLanguage {
  /** Whether ones are odd in number. */
  @JsonProperty("parity")
  PARITY,
  /** Whether {@code 01} and {@code 10} together are odd in number. */
  @JsonProperty("even_pairs")
  EVEN_PAIRS,
  /** Whether most bits are ones. */
  @JsonProperty("majority")
  MAJORITY,
  /** The place on a circle after steps back, none and on. */
  @JsonProperty("cycle_navigation")
  CYCLE_NAVIGATION,
  /** The value of {@code 1 + 2 * 3 - 4} modulo a number. */
  @JsonProperty("modular_arithmetic")
  MODULAR_ARITHMETIC,
  /** The value of {@code ((1+2)-(-3))} modulo a number: not regular. */
  @JsonProperty("modular_arithmetic_brackets")
  MODULAR_ARITHMETIC_BRACKETS,
  /** The product of permutations of three items: solvable. */
  @JsonProperty("s3")
  S3,
  /** The product of even permutations of five items: the smallest group that isn't solvable. */
  @JsonProperty("a5")
  A5,
  /** The product of permutations of five items. */
  @JsonProperty("s5")
  S5,
  /** The bracket that may close next: a stack of bounded depth. */
  @JsonProperty("dyck")
  DYCK;

  /** The name in files and on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether numbers are taken modulo one. */
  boolean hasModulus() {
    return this == CYCLE_NAVIGATION
        || this == MODULAR_ARITHMETIC
        || this == MODULAR_ARITHMETIC_BRACKETS;
  }

  /** The items that are permuted; 0 for none. */
  int items() {
    return switch (this) {
      case S3 -> 3;
      case A5, S5 -> 5;
      default -> 0;
    };
  }

  /** The language of some settings. */
  Language build(FormalConfig config) {
    return switch (this) {
      case PARITY -> Walk.parity();
      case EVEN_PAIRS -> Walk.evenPairs();
      case MAJORITY -> new Majority();
      case CYCLE_NAVIGATION -> Walk.cycle(config.modulus());
      case MODULAR_ARITHMETIC -> new Arithmetic(config.modulus());
      case MODULAR_ARITHMETIC_BRACKETS -> new BracketArithmetic(config.modulus());
      case S3 -> Walk.group(PermutationGroup.S3, config.moved());
      case A5 -> Walk.group(PermutationGroup.A5, config.moved());
      case S5 -> Walk.group(PermutationGroup.S5, config.moved());
      case DYCK -> new Dyck(config.brackets(), config.depth());
    };
  }
}
