package io.sequencezoo.datasets.synthetic;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import com.google.common.collect.Comparators;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What determines the data of multi-query associative recall (MQAR; Arora et al., arXiv
 * 2312.04927): pairs of a key and a value, then every key once more, at which its value is to be
 * told.
 *
 * <pre>{@code
 * k_1 v_1 k_2 v_2 ... k_P v_P 0 0 k_2 0 0 0 k_1 ...
 * }</pre>
 *
 * @param seed of all examples, 0 by default
 * @param vocabulary V: keys are from 1 to V/2 - 1, values from V/2 on, 0 is what lies between; 256
 *     by default
 * @param power a: a key comes again i slots of two tokens behind the pairs with a probability
 *     proportional to a i^(a-1), so that small ones make early queries likely; 0.01 by default, as
 *     in every published setting (some name another, which their code ignores)
 * @param randomBetween whether what lies between is any token instead of 0, keys included; false by
 *     default
 * @param train what is trained on; 20000 examples of 8 pairs in 64 tokens by default
 * @param test what is tested, by ascending pairs; 500 examples of 4, 8 and 16 pairs by default
 * @param validationExamples alternately of what is trained on; 200 by default
 */
@JsonTypeName("mqar")
public record RecallConfig(
    long seed,
    int vocabulary,
    double power,
    boolean randomBetween,
    List<Setting> train,
    List<Setting> test,
    int validationExamples)
    implements RecallSettings {

  /** Logits are over all of them. */
  private static final int LARGEST_VOCABULARY = 1 << 20;

  /** Examples are drawn as a whole. */
  private static final int LONGEST = 1 << 20;

  /** Examples of a split are shuffled together. */
  private static final int MOST_EXAMPLES = 10_000_000;

  /** Of fewer examples a split might get none. */
  private static final int FEWEST_CONTEXTS = 100;

  /**
   * Examples of one size.
   *
   * @param length T, even
   * @param pairs P, at most T/4: they take two tokens each, and as many slots must follow
   * @param examples their number
   */
  public record Setting(int length, int pairs, int examples) {
    /** Checks the ranges. */
    public Setting {
      checkBetween(1, LONGEST / 4, "pairs", pairs);
      checkArgument(
          length % 2 == 0 && length >= 4 * pairs && length <= LONGEST,
          "mqar: length must be even, at least four times the %s pairs and at most %s, got %s",
          pairs,
          LONGEST,
          length);
      checkBetween(1, MOST_EXAMPLES, "examples", examples);
    }
  }

  /** Checks the ranges. */
  public RecallConfig {
    checkBetween(4, LARGEST_VOCABULARY, "vocabulary", vocabulary);
    checkArgument(
        power > 0 && Double.isFinite(power),
        "mqar: power must be positive, got %s; use 0.01",
        power);
    train = checked("train", train, vocabulary);
    test = checked("test", test, vocabulary);
    checkArgument(
        Comparators.isInStrictOrder(test, Comparator.comparingInt(Setting::pairs)),
        "mqar: test must be of ascending pairs, got %s",
        test);
    checkBetween(1, MOST_EXAMPLES, "validationExamples", validationExamples);
  }

  private static List<Setting> checked(String name, List<Setting> settings, int vocabulary) {
    checkArgument(
        settings != null && !settings.isEmpty(),
        "mqar: %s must name at least one setting, got %s; use [{length: 64, pairs: 8, examples:"
            + " 1000}]",
        name,
        settings);
    long examples = settings.stream().mapToLong(Setting::examples).sum();
    checkArgument(
        examples <= MOST_EXAMPLES,
        "mqar: examples of %s must be at most %s together, got %s",
        name,
        MOST_EXAMPLES,
        examples);
    for (Setting setting : settings) {
      int keys = vocabulary / 2 - 1;
      checkArgument(
          setting.pairs <= keys && contexts(setting.pairs, keys) >= FEWEST_CONTEXTS,
          "mqar: vocabulary must have keys for %s pairs and for at least %s contexts, got %s keys"
              + " of %s tokens",
          setting.pairs,
          FEWEST_CONTEXTS,
          keys,
          vocabulary);
    }
    return List.copyOf(settings);
  }

  private static double contexts(int pairs, int keys) {
    double contexts = 1;
    for (int i = 0; i < pairs; i++) {
      contexts *= (double) (keys - i) * (keys + 1 - i);
    }
    return contexts;
  }

  /** Recall small enough for minutes of a processor. */
  public static RecallConfig standard() {
    return new RecallConfig(
        0,
        256,
        0.01,
        false,
        List.of(new Setting(64, 8, 20_000)),
        List.of(new Setting(64, 4, 500), new Setting(64, 8, 500), new Setting(64, 16, 500)),
        200);
  }

  /**
   * One setting of zoology's figure 2 (Arora et al.), and of the comparison in dynamical-systems
   * form (Sieber et al., arXiv 2405.15731): 8192 tokens, 100000 examples, 3000 tests. There they
   * are 4 pairs in 64 tokens, 8 in 128, 16 in 256, and 64 in 512.
   */
  public static RecallConfig zoology(int length, int pairs) {
    return new RecallConfig(
        0,
        8192,
        0.01,
        false,
        List.of(new Setting(length, pairs, 100_000)),
        List.of(new Setting(length, pairs, 3_000)),
        3_000);
  }

  /**
   * The newer setting of zoology's code: trained on 4 pairs in 64 tokens and on 8 to 64 in more,
   * tested on up to 256 pairs in 1024 tokens.
   */
  public static RecallConfig zoologyMixed() {
    List<Setting> train = new ArrayList<>(List.of(new Setting(64, 4, 100_000)));
    train.add(new Setting(128, 8, 20_000));
    List<Setting> test = new ArrayList<>(List.of(new Setting(64, 4, 1000)));
    for (int pairs = 16; pairs <= 64; pairs *= 2) {
      train.add(new Setting(256, pairs, 20_000));
    }
    for (int pairs = 8; pairs <= 256; pairs *= 2) {
      test.add(new Setting(Math.max(64, 4 * pairs), pairs, 1000));
    }
    return new RecallConfig(0, 8192, 0.01, false, train, test, 1000);
  }

  private static void checkBetween(int least, int most, String name, int value) {
    checkArgument(
        value >= least && value <= most,
        "mqar: %s must be between %s and %s, got %s",
        name,
        least,
        most,
        value);
  }
}
