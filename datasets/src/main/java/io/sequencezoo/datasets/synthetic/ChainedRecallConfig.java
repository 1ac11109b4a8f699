package io.sequencezoo.datasets.synthetic;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import com.google.common.collect.Comparators;
import io.sequencezoo.datasets.synthetic.RecallConfig.Setting;
import java.util.Comparator;
import java.util.List;

/**
 * What determines the data of recall by several hops, or of values that are overwritten: pairs of a
 * key and either another key or a value, in any order; then pairs again with new values; then the
 * first key of every chain, at which the last value at its end is to be told.
 *
 * <pre>{@code
 * b v  a b  d w  c d  b u  0 0  c 0  0 0  a ...      a: u, over b, which was v;  c: w, over d
 * }</pre>
 *
 * <p>With one hop this is the newer code of zoology (forgetting_mqar), whose new values are
 * compared with those of another key than they replace: here no value comes twice.
 *
 * @param seed of all examples, 0 by default
 * @param hops pairs of a chain; 2 by default
 * @param overwritten the share of chains whose value is replaced, rounded down; 0 by default
 * @param vocabulary V: keys are from 1 to V/2 - 1, values from V/2 on, 0 is what lies between; 256
 *     by default
 * @param power of the law by which queries come early; see {@link RecallConfig}; 0.01 by default
 * @param randomBetween whether what lies between is any token instead of 0; false by default
 * @param train what is trained on, pairs being chains; 20000 examples of 4 in 64 tokens by default
 * @param test what is tested, by ascending chains; 500 examples of 2, 4 and 8 by default
 * @param validationExamples alternately of what is trained on; 200 by default
 */
@JsonTypeName(ChainedRecallConfig.NAME)
public record ChainedRecallConfig(
    long seed,
    int hops,
    double overwritten,
    int vocabulary,
    double power,
    boolean randomBetween,
    List<Setting> train,
    List<Setting> test,
    int validationExamples)
    implements RecallSettings {
  static final String NAME = "mqar_chains";

  private static final Sizes.Limits VOCABULARIES = new Sizes.Limits(16, 1 << 20);
  private static final int MOST_HOPS = 1 << 10;

  /** Checks the ranges. */
  public ChainedRecallConfig {
    new Sizes.Limits(1, MOST_HOPS).check(NAME, "hops", hops);
    checkArgument(
        overwritten >= 0 && overwritten <= 1,
        NAME + ": overwritten must be between 0 and 1, got %s",
        overwritten);
    checkArgument(
        hops > 1 || overwritten > 0,
        NAME + ": hops must be at least 2, or values overwritten, got neither; use mqar");
    VOCABULARIES.check(NAME, "vocabulary", vocabulary);
    checkArgument(
        power > 0 && Double.isFinite(power),
        NAME + ": power must be positive, got %s; use 0.01",
        power);
    train = checked("train", train, hops, overwritten, vocabulary);
    test = checked("test", test, hops, overwritten, vocabulary);
    checkArgument(
        Comparators.isInStrictOrder(test, Comparator.comparingInt(Setting::pairs)),
        NAME + ": test must be of ascending pairs, got %s",
        test);
    new Sizes.Limits(1, Sizes.MOST_EXAMPLES).check(NAME, "validationExamples", validationExamples);
  }

  private static List<Setting> checked(
      String name, List<Setting> settings, int hops, double overwritten, int vocabulary) {
    checkArgument(
        settings != null && !settings.isEmpty(),
        NAME + ": %s must name at least one setting, got %s",
        name,
        settings);
    long examples = settings.stream().mapToLong(Setting::examples).sum();
    checkArgument(
        examples <= Sizes.MOST_EXAMPLES,
        NAME + ": examples of %s must be at most %s together, got %s",
        name,
        Sizes.MOST_EXAMPLES,
        examples);
    for (Setting setting : settings) {
      long chains = setting.pairs();
      long updates = updates(chains, overwritten);
      long needed = 2 * (chains * hops + updates + chains);
      checkArgument(
          setting.length() >= needed,
          NAME + ": length must be at least %s for %s chains of %s hops and %s new values, got %s",
          needed,
          chains,
          hops,
          updates,
          setting.length());
      checkArgument(
          chains * hops < vocabulary / 2 && chains + updates <= vocabulary - vocabulary / 2,
          NAME + ": vocabulary must have twice %s keys or values, got %s",
          Math.max(chains * hops + 1, chains + updates),
          vocabulary);
    }
    return List.copyOf(settings);
  }

  /** The chains of some whose value is replaced. */
  static long updates(long chains, double overwritten) {
    return (long) (overwritten * chains);
  }

  /** Several hops, small enough for minutes of a processor. */
  public static ChainedRecallConfig standard() {
    return new ChainedRecallConfig(
        0,
        2,
        0,
        256,
        0.01,
        false,
        List.of(new Setting(64, 4, 20_000)),
        List.of(new Setting(64, 2, 500), new Setting(64, 4, 500), new Setting(64, 8, 500)),
        200);
  }

  /** Overwritten values, small enough for minutes of a processor. */
  public static ChainedRecallConfig updates() {
    return new ChainedRecallConfig(
        0,
        1,
        0.5,
        256,
        0.01,
        false,
        List.of(new Setting(64, 8, 20_000)),
        List.of(new Setting(64, 4, 500), new Setting(64, 8, 500), new Setting(64, 12, 500)),
        200);
  }

  /**
   * The defaults of zoology's generator for overwritten values: 8 keys, half of which get another
   * value, and any tokens between; vocabulary and numbers of examples as in its plain recall.
   */
  public static ChainedRecallConfig zoology(int length) {
    return new ChainedRecallConfig(
        0,
        1,
        0.5,
        8192,
        0.01,
        true,
        List.of(new Setting(length, 8, 100_000)),
        List.of(new Setting(length, 8, 3_000)),
        3_000);
  }
}
