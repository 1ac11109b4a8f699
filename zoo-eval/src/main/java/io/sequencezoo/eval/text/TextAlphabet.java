package io.sequencezoo.eval.text;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.eval.experiment.Alphabet;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Text as it is, of bytes in UTF-8 or of the code points that a file has. */
final class TextAlphabet implements Alphabet {
  /** The number of different bytes. */
  static final int BYTES = 256;

  private final int[] symbols;

  /** The alphabet of code points in ascending order; of bytes where there are none. */
  TextAlphabet(int[] symbols) {
    this.symbols = symbols;
  }

  private boolean ofBytes() {
    return symbols.length == 0;
  }

  @Override
  public String symbol(int token) {
    return text(new int[] {token});
  }

  @Override
  public String text(int[] tokens) {
    if (!ofBytes()) {
      int[] points = Arrays.stream(tokens).map(token -> symbols[token]).toArray();
      return new String(points, 0, points.length);
    }
    byte[] bytes = new byte[tokens.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) tokens[i];
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public int[] tokens(String text) {
    if (!ofBytes()) {
      return text.codePoints().map(this::token).toArray();
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] tokens = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      tokens[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return tokens;
  }

  private int token(int point) {
    int token = Arrays.binarySearch(symbols, point);
    checkArgument(
        token >= 0,
        "text: characters must be among those of the file, got %s",
        Character.toString(point));
    return token;
  }

  @Override
  public int[] sample(Random random, int length) {
    return random.ints(length, 0, ofBytes() ? BYTES : symbols.length).toArray();
  }
}
