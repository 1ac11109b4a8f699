package io.sequencezoo.datasets.icll;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;

/**
 * What determines the data of in-context language learning. What is left out is as in RegBench.
 *
 * @param seed of all random choices, 0 by default
 * @param trainExamples number of training problems, 2500 by default
 * @param validationExamples number of validation problems, 500 by default
 * @param testExamples number of test problems, 500 by default
 * @param languages sizes of the automata
 * @param prompts sizes of the prompts
 */
@JsonTypeName("icll")
public record IcllConfig(
    long seed,
    int trainExamples,
    int validationExamples,
    int testExamples,
    Languages languages,
    Prompts prompts) {

  /** Problems of a split: their languages are kept, about 300 bytes each. */
  private static final int MOST_EXAMPLES = 1_000_000;

  /** Tokens of a prompt, which is drawn as a whole. */
  private static final int LONGEST_PROMPT = 1 << 20;

  /** Checks the numbers of problems. */
  public IcllConfig {
    checkExamples("trainExamples", trainExamples);
    checkExamples("validationExamples", validationExamples);
    checkExamples("testExamples", testExamples);
  }

  private static void checkExamples(String name, int value) {
    checkArgument(
        value >= 1 && value <= MOST_EXAMPLES,
        "icll: %s must be between 1 and %s, got %s",
        name,
        MOST_EXAMPLES,
        value);
  }

  /**
   * RegBench: 18 symbols, at most 12 states, 10 to 19 strings of 1 to 49 symbols; 500 problems each
   * for validation and test, as in the sweeps of the reference ({@code num_test_examples} 1000).
   *
   * @param trainExamples 1000, 2500, 5000, 10000, 20000 or 40000 in the paper
   */
  public static IcllConfig regBench(long seed, int trainExamples) {
    return new IcllConfig(seed, trainExamples, 500, 500, Languages.standard(), Prompts.standard());
  }

  /** The same with seed 0 and 2500 training automata. */
  public static IcllConfig standard() {
    return regBench(0, 2500);
  }

  /** The tokens of this data. */
  public Vocabulary vocabulary() {
    return new Vocabulary(languages.symbols());
  }

  /** The number of problems of a split. */
  public int examples(Split split) {
    return switch (split) {
      case TRAIN -> trainExamples;
      case VALIDATION -> validationExamples;
      case TEST -> testExamples;
    };
  }

  /** The most tokens that a prompt can have. */
  public int longestPrompt() {
    return (int) longest(prompts.stringBound(), prompts.lengthBound());
  }

  /**
   * Sizes of the automata.
   *
   * @param symbols symbols that alphabets are drawn from
   * @param maxStates most states, inclusive
   * @param edgeBound bound of a state's out-degree, <em>exclusive</em>: 4 draws 1 to 3. It is also
   *     the least number of states and the least size of the alphabet, as in the reference
   */
  public record Languages(int symbols, int maxStates, int edgeBound) {
    /** Checks that the sizes fit each other. */
    public Languages {
      checkAtLeast(2, "edgeBound", edgeBound);
      Vocabulary vocabulary = new Vocabulary(symbols);
      checkArgument(
          vocabulary.symbols() >= edgeBound,
          "icll: symbols must be at least edgeBound %s, got %s",
          edgeBound,
          symbols);
      checkArgument(
          maxStates >= edgeBound && maxStates <= Automaton.MAX_STATES,
          "icll: maxStates must be between edgeBound %s and %s, got %s",
          edgeBound,
          Automaton.MAX_STATES,
          maxStates);
    }

    /** The defaults: {@code configs/dataset/icl_dfa.yaml} of the reference. */
    public static Languages standard() {
      return new Languages(18, 12, 4);
    }
  }

  /**
   * Sizes of the prompts. The bounds are <em>exclusive</em>.
   *
   * @param minStrings least number of strings
   * @param stringBound bound of the number of strings: 20 draws at most 19
   * @param lengthBound bound of a string's length: 50 draws 1 to 49
   */
  public record Prompts(int minStrings, int stringBound, int lengthBound) {
    /** Checks that no draw is empty and that every prompt has something to predict. */
    public Prompts {
      // A single string of one symbol would be an input without a label.
      checkAtLeast(2, "minStrings", minStrings);
      checkAtLeast(2, "lengthBound", lengthBound);
      checkArgument(
          stringBound > minStrings,
          "icll: stringBound must be above minStrings %s, got %s; the bound is exclusive",
          minStrings,
          stringBound);
      checkArgument(
          longest(stringBound, lengthBound) <= LONGEST_PROMPT,
          "icll: prompts must have at most %s tokens, (stringBound - 1) x lengthBound - 1, got %s;"
              + " lower stringBound %s or lengthBound %s",
          LONGEST_PROMPT,
          longest(stringBound, lengthBound),
          stringBound,
          lengthBound);
    }

    /** The defaults: {@code configs/dataset/icl_dfa.yaml} of the reference. */
    public static Prompts standard() {
      return new Prompts(10, 20, 50);
    }
  }

  private static long longest(int stringBound, int lengthBound) {
    return (stringBound - 1L) * lengthBound - 1;
  }

  private static void checkAtLeast(int least, String name, int value) {
    checkArgument(value >= least, "icll: %s must be at least %s, got %s", name, least, value);
  }
}
