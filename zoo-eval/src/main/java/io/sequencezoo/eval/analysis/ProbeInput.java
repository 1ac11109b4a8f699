package io.sequencezoo.eval.analysis;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.datasets.icll.IcllConfig;
import io.sequencezoo.datasets.icll.IcllData;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.experiment.Alphabet;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The input along which a mixer is looked at.
 *
 * @param kind where it comes from
 * @param text the text, for TEXT; its lines are rows
 * @param row which random sequence, line or problem
 * @param length the most steps, T; text and prompts may be shorter
 * @param seed of random vectors
 */
public record ProbeInput(Kind kind, @Nullable String text, int row, int length, long seed) {
  /** Spreads seeds of rows and symbols over all bits: SplitMix64's increment. */
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  /** Kinds of inputs. */
  public enum Kind {
    /** Independent standard normal vectors, as a norm puts out. */
    RANDOM,
    /** A test prompt of in-context language learning. */
    ICLL,
    /** Characters of a text. */
    TEXT
  }

  /** Mixing matrices are of the length's square. */
  private static final int LONGEST = 4096;

  /** Checks the ranges. */
  public ProbeInput {
    checkArgument(row >= 0, "input: row must not be negative, got %s", row);
    checkArgument(
        length >= 1 && length <= LONGEST,
        "input: length must be between 1 and %s, got %s",
        LONGEST,
        length);
    checkArgument(
        (kind == Kind.TEXT) == (text != null),
        "input: a text must be given for the input TEXT, and for no other");
  }

  /** One label per step: its character, or its number. */
  public List<String> labels() {
    return kind == Kind.RANDOM
        ? IntStream.range(0, length).mapToObj(Integer::toString).toList()
        : symbols().mapToObj(Character::toString).toList();
  }

  /**
   * Vectors {@code [T][D]}: every symbol has a standard normal one of its own, the same wherever it
   * stands.
   */
  double[][] vectors(int width) {
    long[] seeds =
        kind == Kind.RANDOM
            ? IntStream.range(0, length).mapToLong(t -> t + ((long) row << 32)).toArray()
            : symbols().mapToLong(symbol -> symbol).toArray();
    double[][] vectors = new double[seeds.length][width];
    for (int t = 0; t < seeds.length; t++) {
      Random random = new Random(seed + GAMMA * (seeds[t] + 1));
      for (int d = 0; d < width; d++) {
        vectors[t][d] = random.nextGaussian();
      }
    }
    return vectors;
  }

  /** The symbols as tokens of a mixer that stands alone; random vectors are a symbol each. */
  int[] tokens() {
    return kind == Kind.RANDOM ? IntStream.range(0, length).toArray() : symbols().toArray();
  }

  /** The symbols numbered in the order in which they come first. */
  public int[] symbolNumbers() {
    Map<Integer, Integer> numbers = new HashMap<>();
    return Arrays.stream(tokens())
        .map(symbol -> numbers.computeIfAbsent(symbol, fresh -> numbers.size()))
        .toArray();
  }

  /** Tokens of a model: random ones as its inputs are, or those of a prompt or text. */
  public int[] tokens(Alphabet alphabet) {
    if (kind == Kind.RANDOM) {
      return alphabet.sample(new Random(seed + GAMMA * (row + 1)), length);
    }
    if (kind == Kind.TEXT) {
      return Arrays.stream(alphabet.tokens(line())).limit(length).toArray();
    }
    return alphabet.tokens(
        symbols()
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString());
  }

  private IntStream symbols() {
    return kind == Kind.ICLL ? prompt() : line().codePoints().limit(length);
  }

  private IntStream prompt() {
    Problem problem = new IcllData(IcllConfig.regBench(seed, 1)).problem(Split.TEST, row);
    return Arrays.stream(problem.tokens())
        .limit(length)
        .map(token -> problem.vocabulary().character(token));
  }

  private String line() {
    checkArgument(text != null, "input: must be a text to have lines, got %s", kind);
    List<String> lines = text.lines().filter(line -> !line.isBlank()).toList();
    checkArgument(
        row < lines.size(), "input: text must have a line %s, got %s lines", row, lines.size());
    return lines.get(row);
  }
}
