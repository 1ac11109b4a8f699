package io.sequencezoo.datasets.text;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.hash.Hashing;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.ExampleHashes;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;

/**
 * A file as tokens in windows that lie side by side, every next token being the label. Splits are
 * parts of the file, one behind the other, so that no token of one is in another.
 */
public final class TextData {
  /** Grows with every change of how a file is cut. */
  public static final int GENERATOR_VERSION = 1;

  private static final long LARGEST_FILE = 1L << 28;

  /** Files that were read, by what they are called and when they were written. */
  private static final Cache<String, TextData> READ =
      CacheBuilder.newBuilder().softValues().maximumSize(16).build();

  private final TextConfig config;
  private final int[] tokens;
  private final int[] symbols;
  private final int bytes;
  private final String hash;

  private TextData(TextConfig config, byte[] content) {
    this.config = config;
    this.bytes = content.length;
    if (config.unit() == TextConfig.Unit.BYTES) {
      symbols = new int[0];
      tokens = new int[content.length];
      for (int i = 0; i < content.length; i++) {
        tokens[i] = Byte.toUnsignedInt(content[i]);
      }
    } else {
      int[] points = decoded(config.path(), content).codePoints().toArray();
      symbols = Arrays.stream(points).sorted().distinct().toArray();
      tokens = Arrays.stream(points).map(point -> Arrays.binarySearch(symbols, point)).toArray();
    }
    this.hash =
        ExampleHashes.ofData(TextConfig.NAME, GENERATOR_VERSION, config)
            + " "
            + Hashing.sha256().hashBytes(content);
    for (Split split : Split.values()) {
      checkArgument(
          windows(split) >= 1,
          "text: %s must have at least %s tokens for a window of its %s split, got %s of %s; use"
              + " shorter windows or a larger share",
          config.path(),
          window(split) + 1,
          split.label(),
          end(split) - start(split),
          tokens.length);
    }
  }

  private static String decoded(String path, byte[] content) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "text: " + path + " must be in UTF-8 to be read by characters; use unit: bytes", e);
    }
  }

  /**
   * The data of a configuration, read from the file or, where it was read before, from memory.
   *
   * @throws IllegalArgumentException where there is no such file, or it is too large or too small
   */
  public static TextData of(TextConfig config) {
    checkArgument(
        !config.path().isEmpty(),
        "text: path must name a file, got none; use --set task.path=FILE");
    Path file = Path.of(config.path());
    checkArgument(Files.isRegularFile(file), "text: path must name a file, got %s", file);
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      checkArgument(
          attributes.size() <= LARGEST_FILE,
          "text: %s must have at most %s bytes, got %s",
          file,
          LARGEST_FILE,
          attributes.size());
      String key = config + " " + attributes.size() + " " + attributes.lastModifiedTime();
      TextData known = READ.getIfPresent(key);
      if (known == null) {
        known = new TextData(config, Files.readAllBytes(file));
        READ.put(key, known);
      }
      return known;
    } catch (IOException e) {
      throw new UncheckedIOException("text: " + file + " can't be read: " + e.getMessage(), e);
    }
  }

  /** The number of different tokens: 256 bytes, or the characters of the file. */
  public int vocabulary() {
    return config.unit() == TextConfig.Unit.BYTES ? 256 : symbols.length;
  }

  /**
   * The code points of the file in ascending order, which tokens number; none where they are bytes.
   */
  public int[] symbols() {
    return symbols.clone();
  }

  /** Bytes per token, over the whole file. */
  public double bytesPerToken() {
    return (double) bytes / tokens.length;
  }

  /** The tokens of a split. */
  public int[] tokens(Split split) {
    return Arrays.copyOfRange(tokens, start(split), end(split));
  }

  private int start(Split split) {
    return switch (split) {
      case TRAIN -> 0;
      case VALIDATION -> end(Split.TRAIN);
      case TEST -> end(Split.VALIDATION);
    };
  }

  private int end(Split split) {
    double test = config.testShare();
    return switch (split) {
      case TRAIN -> (int) ((1 - test - config.validationShare()) * tokens.length);
      case VALIDATION -> (int) ((1 - test) * tokens.length);
      case TEST -> tokens.length;
    };
  }

  /** The input tokens of a window of a split. */
  public int window(Split split) {
    return split == Split.TEST ? config.testLength() : config.length();
  }

  private int windows(Split split) {
    return (end(split) - start(split) - 1) / window(split);
  }

  /** The number of windows of a split. */
  public int examples(Split split) {
    int most =
        switch (split) {
          case TRAIN -> Integer.MAX_VALUE;
          case VALIDATION -> config.validationExamples();
          case TEST -> config.testExamples();
        };
    return Math.min(most, windows(split));
  }

  /** Window number {@code index} of a split, every label being the token after its own. */
  public SyntheticData.Example example(Split split, int index) {
    int length = window(split);
    int from = start(split) + index * length;
    return new SyntheticData.Example(
        Arrays.copyOfRange(tokens, from, from + length),
        Arrays.copyOfRange(tokens, from + 1, from + 1 + length));
  }

  /** A hash of everything that determines the data, the content of the file included. */
  public String hash() {
    return hash;
  }
}
