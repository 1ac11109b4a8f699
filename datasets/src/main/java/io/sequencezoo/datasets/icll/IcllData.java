package io.sequencezoo.datasets.icll;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkNotNull;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.config.Configs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The problems of all splits, drawn when they are asked for; each split goes on for as long as
 * there are languages.
 *
 * <p>A split is a stream of candidates. Candidate c is a function of seed, split and c alone: its
 * language and its prompt come from two random streams seeded by their hash. A candidate becomes a
 * problem unless its language belongs to another split or was drawn before. Problem i is the i-th
 * that remains, so it depends on seed, split and i, not on the numbers of examples, on which
 * problems were asked for before or by which thread; asking for it draws the languages before it,
 * not their prompts. Languages are kept (about 300 bytes each), prompts are drawn anew each time
 * (microseconds).
 */
public final class IcllData {
  /** Raised whenever the same configuration gives other problems. */
  public static final int GENERATOR_VERSION = 1;

  /** Candidates refused in a row after which the languages count as used up. */
  private static final int PATIENCE = 20_000;

  private final IcllConfig config;
  private final AutomatonSampler sampler;
  private final Map<Split, Ledger> ledgers = new EnumMap<>(Split.class);

  /** The data of a configuration. */
  public IcllData(IcllConfig config) {
    this.config = config;
    this.sampler = new AutomatonSampler(config.languages());
    for (Split split : Split.values()) {
      ledgers.put(split, new Ledger(split));
    }
  }

  /** What determines the data. */
  public IcllConfig config() {
    return config;
  }

  /**
   * A problem of a split; the index may be beyond the number of examples.
   *
   * @throws IllegalArgumentException where so few languages exist in this configuration that the
   *     split has no such problem
   */
  public Problem problem(Split split, int index) {
    checkArgument(index >= 0, "icll: index must be at least 0, got %s", index);
    Ledger.Entry entry = ledger(split).entry(index);
    return new Problem(split, index, entry.automaton(), prompt(split, entry));
  }

  private Ledger ledger(Split split) {
    // Every split has one.
    return checkNotNull(ledgers.get(split));
  }

  /** The problems of a split, as many as the configuration says. */
  public List<Problem> problems(Split split) {
    return problems(split, config.examples(split));
  }

  /** The first problems of a split. */
  public List<Problem> problems(Split split, int count) {
    List<Problem> problems = new ArrayList<>(count);
    for (int index = 0; index < count; index++) {
      problems.add(problem(split, index));
    }
    return problems;
  }

  /** SHA-256 over the languages and prompts of all splits, in hexadecimal. */
  public String hash() {
    Hasher hasher = Hashing.sha256().newHasher();
    for (Split split : Split.values()) {
      put(hasher, split, config.examples(split));
    }
    return hasher.hash().toString();
  }

  /** SHA-256 over the languages and prompts of a split's first problems, in hexadecimal. */
  public String hash(Split split, int count) {
    Hasher hasher = Hashing.sha256().newHasher();
    put(hasher, split, count);
    return hasher.hash().toString();
  }

  private void put(Hasher hasher, Split split, int count) {
    for (int index = 0; index < count; index++) {
      Problem problem = problem(split, index);
      hasher.putBytes(problem.automaton().hash().asBytes());
      for (int token : problem.tokens()) {
        hasher.putInt(token);
      }
    }
  }

  /** Writes the problems of a split as JSON, one a line: {@link Problem.Description}. */
  public void export(Split split, Appendable out) throws IOException {
    for (int index = 0; index < config.examples(split); index++) {
      out.append(Configs.json().writeValueAsString(problem(split, index).describe())).append('\n');
    }
  }

  private int[] prompt(Split split, Ledger.Entry entry) {
    SplittableRandom random = random(split, entry.candidate(), "prompt");
    IcllConfig.Prompts sizes = config.prompts();
    Vocabulary vocabulary = config.vocabulary();
    int[] tokens = new int[config.longestPrompt()];
    int length = 0;
    int strings = random.nextInt(sizes.minStrings(), sizes.stringBound());
    for (int string = 0; string < strings; string++) {
      if (string > 0) {
        tokens[length++] = vocabulary.separator();
      }
      int end = length + random.nextInt(1, sizes.lengthBound());
      for (int state = 0; length < end; length++) {
        int symbol = emit(entry.automaton().legal(state), random);
        tokens[length] = vocabulary.token(symbol);
        state = entry.automaton().next(state, symbol);
      }
    }
    return Arrays.copyOf(tokens, length);
  }

  /** One of the set bits. */
  private static int emit(int legal, SplittableRandom random) {
    int rest = legal;
    for (int skip = random.nextInt(Integer.bitCount(legal)); skip > 0; skip--) {
      rest &= rest - 1;
    }
    return Integer.numberOfTrailingZeros(rest);
  }

  private SplittableRandom random(Split split, int candidate, String purpose) {
    return new SplittableRandom(
        Hashing.murmur3_128()
            .newHasher()
            .putLong(config.seed())
            .putString(split.label() + " " + purpose, StandardCharsets.UTF_8)
            .putInt(candidate)
            .hash()
            .asLong());
  }

  /** The languages of a split in the order of their candidates. */
  private final class Ledger {
    private final Split split;
    private final List<Entry> entries = new ArrayList<>();
    private final Set<Automaton> seen = new HashSet<>();
    private int candidates;

    Ledger(Split split) {
      this.split = split;
    }

    synchronized Entry entry(int index) {
      int last = candidates;
      while (entries.size() <= index) {
        checkArgument(
            candidates - last < PATIENCE,
            "icll: the %s split must have %s different languages, got %s; ask for fewer examples or"
                + " allow more states or symbols",
            split.label(),
            index + 1,
            entries.size());
        int candidate = candidates++;
        Automaton automaton = Automaton.of(sampler.draw(random(split, candidate, "language")));
        if (Split.of(automaton) == split && seen.add(automaton)) {
          entries.add(new Entry(automaton, candidate));
          last = candidates;
        }
      }
      return entries.get(index);
    }

    private record Entry(Automaton automaton, int candidate) {}
  }
}
