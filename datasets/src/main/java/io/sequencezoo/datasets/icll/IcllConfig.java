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
    Long seed,
    Integer trainExamples,
    Integer validationExamples,
    Integer testExamples,
    Languages languages,
    Prompts prompts) {

  /** Fills in what is left out and checks the numbers of problems. */
  public IcllConfig {
    seed = seed == null ? 0L : seed;
    trainExamples = atLeast(1, "trainExamples", trainExamples, 2500);
    validationExamples = atLeast(1, "validationExamples", validationExamples, 500);
    testExamples = atLeast(1, "testExamples", testExamples, 500);
    languages = languages == null ? Languages.regBench() : languages;
    prompts = prompts == null ? Prompts.regBench() : prompts;
  }

  /**
   * RegBench: 18 symbols, at most 12 states, 10 to 19 strings of 1 to 49 symbols; 500 problems each
   * for validation and test, as in the sweeps of the reference ({@code num_test_examples} 1000).
   *
   * @param trainExamples 1000, 2500, 5000, 10000, 20000 or 40000 in the paper
   */
  public static IcllConfig regBench(long seed, int trainExamples) {
    return new IcllConfig(seed, trainExamples, null, null, null, null);
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
    return (prompts.stringBound() - 1) * prompts.lengthBound() - 1;
  }

  /**
   * Sizes of the automata.
   *
   * @param symbols symbols that alphabets are drawn from
   * @param maxStates most states, inclusive
   * @param edgeBound bound of a state's out-degree, <em>exclusive</em>: 4 draws 1 to 3. It is also
   *     the least number of states and the least size of the alphabet, as in the reference
   */
  public record Languages(Integer symbols, Integer maxStates, Integer edgeBound) {
    /** Fills in what is left out and checks that the sizes fit each other. */
    public Languages {
      symbols = symbols == null ? 18 : symbols;
      maxStates = maxStates == null ? 12 : maxStates;
      edgeBound = atLeast(2, "edgeBound", edgeBound, 4);
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
    public static Languages regBench() {
      return new Languages(null, null, null);
    }
  }

  /**
   * Sizes of the prompts. The bounds are <em>exclusive</em>.
   *
   * @param minStrings least number of strings
   * @param stringBound bound of the number of strings: 20 draws at most 19
   * @param lengthBound bound of a string's length: 50 draws 1 to 49
   */
  public record Prompts(Integer minStrings, Integer stringBound, Integer lengthBound) {
    /**
     * Fills in what is left out and checks that no draw is empty and that every prompt has
     * something to predict.
     */
    public Prompts {
      // A single string of one symbol would be an input without a label.
      minStrings = atLeast(2, "minStrings", minStrings, 10);
      stringBound = stringBound == null ? 20 : stringBound;
      lengthBound = atLeast(2, "lengthBound", lengthBound, 50);
      checkArgument(
          stringBound > minStrings,
          "icll: stringBound must be above minStrings %s, got %s; the bound is exclusive",
          minStrings,
          stringBound);
    }

    /** The defaults: {@code configs/dataset/icl_dfa.yaml} of the reference. */
    public static Prompts regBench() {
      return new Prompts(null, null, null);
    }
  }

  private static Integer atLeast(int least, String name, Integer value, int otherwise) {
    int number = value == null ? otherwise : value;
    checkArgument(number >= least, "icll: %s must be at least %s, got %s", name, least, number);
    return number;
  }
}
