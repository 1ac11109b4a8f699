package io.sequencezoo.datasets.mad;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.datasets.synthetic.Sizes;
import java.util.List;

/**
 * What determines the data of a {@link MadTask}. Absent keys take the baseline of the code of Poli
 * et al., whose other settings are one change to it each: vocabularies of 32, 64 and 128, two, four
 * and eight times the length, 6400 down to 800 examples, noise of 0.4, 0.6 and 0.8, 32, 64 and 96
 * copied tokens, and for memorisation vocabularies of 512 to 8192.
 *
 * @param task which
 * @param seed of all examples, and of what is memorised; 12345 by default
 * @param vocabulary V, 16 by default; 32 for noisy recall, 256 for memorisation
 * @param noiseTokens how many of them are noise: 16 for noisy recall, otherwise 0
 * @param noise the share of pairs that are noise: 0.2 for noisy recall, otherwise 0
 * @param motif the most tokens of a key or a value: 3 for fuzzy recall, otherwise 1
 * @param copied the tokens to be copied: 16 for selective copying, otherwise 0
 * @param length T in training and validation: 128 for recall, 256 for selective copying, 32
 *     otherwise
 * @param testLengths T in tests, ascending; the same by default, and twice that
 * @param trainExamples 12800 by default, 256 for memorisation
 * @param validationExamples 256 by default
 * @param testExamples of every length; 1280 by default
 */
@JsonTypeName(MadConfig.NAME)
public record MadConfig(
    MadTask task,
    long seed,
    int vocabulary,
    int noiseTokens,
    double noise,
    int motif,
    int copied,
    int length,
    List<Integer> testLengths,
    int trainExamples,
    int validationExamples,
    int testExamples)
    implements Sizes {
  static final String NAME = "mad";

  private static final int LONGEST = 1 << 18;

  /** Below it a split might get no example. */
  private static final int SHORTEST = 16;

  private static final int LARGEST_VOCABULARY = 1 << 20;
  private static final int LONGEST_MOTIF = 8;
  private static final int FEWEST_COPIES = 100;

  /** Checks the ranges, and that nothing is set that the task doesn't have. */
  public MadConfig {
    checkArgument(task != null, NAME + ": task must be given, for example in_context_recall");
    boolean noisy = task == MadTask.NOISY_RECALL;
    boolean fuzzy = task == MadTask.FUZZY_RECALL;
    boolean copying = task == MadTask.SELECTIVE_COPYING;
    new Limits(8, LARGEST_VOCABULARY).check(NAME, "vocabulary", vocabulary);
    new Limits(noisy ? 1 : 0, noisy ? vocabulary - 4 : 0).check(NAME, "noiseTokens", noiseTokens);
    checkArgument(
        noisy ? noise >= 0 && noise < 1 : noise == 0,
        NAME + ": noise must be %s, got %s",
        noisy ? "at least 0 and below 1" : "left out but for noisy_recall",
        noise);
    // Tokens of a motif differ, and of keys there is one less than half of the vocabulary.
    int most = Math.min(LONGEST_MOTIF, (vocabulary - 1) / 2);
    new Limits(1, fuzzy ? most : 1).check(NAME, "motif", motif);
    Limits lengths = new Limits(Math.max(SHORTEST, 4 * motif + 2), LONGEST);
    lengths.check(NAME, "length", length);
    new Limits(copying ? 1 : 0, copying ? (length - 2) / 2 : 0).check(NAME, "copied", copied);
    checkArgument(
        !copying || Math.pow(vocabulary - 2, copied) >= FEWEST_COPIES,
        NAME + ": copied must leave at least %s examples to share among the splits, got %s",
        FEWEST_COPIES,
        copied);
    testLengths =
        Sizes.checkTested(
            NAME, testLengths, copying ? new Limits(2 * copied + 2, LONGEST) : lengths, length);
    boolean odd = length % 2 == 1 || testLengths.stream().anyMatch(n -> n % 2 == 1);
    checkArgument(
        !odd || fuzzy || copying || task == MadTask.COMPRESSION,
        NAME + ": length and testLengths must be even for %s, got %s and %s",
        task.label(),
        length,
        testLengths);
    Sizes.checkExamples(NAME, trainExamples, validationExamples, testExamples, testLengths.size());
  }

  /** The baseline of the published benchmark, tested at twice its length too. */
  public static MadConfig standard(MadTask task) {
    boolean noisy = task == MadTask.NOISY_RECALL;
    boolean memory = task == MadTask.MEMORISATION;
    int length =
        switch (task) {
          case IN_CONTEXT_RECALL, FUZZY_RECALL, NOISY_RECALL -> 128;
          case SELECTIVE_COPYING -> 256;
          case COMPRESSION, MEMORISATION -> 32;
        };
    return new MadConfig(
        task,
        12345,
        memory ? 256 : noisy ? 32 : 16,
        noisy ? 16 : 0,
        noisy ? 0.2 : 0,
        task == MadTask.FUZZY_RECALL ? 3 : 1,
        task == MadTask.SELECTIVE_COPYING ? 16 : 0,
        length,
        List.of(length, 2 * length),
        memory ? 256 : 12_800,
        256,
        1280);
  }

  @Override
  public int maxLength() {
    return length;
  }
}
