package io.sequencezoo.eval.fault;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Damages bytes and texts at random, the same way for the same seed. */
final class Fuzzer {
  /** What readers of YAML, JSON and safetensors have stumbled over. */
  private static final List<String> TOKENS =
      List.of(
          "null",
          "~",
          "{}",
          "[]",
          "[[[[",
          "}",
          "]",
          ":",
          ",",
          "-1",
          "0",
          "1e400",
          "-0",
          "010",
          "1_0",
          ".inf",
          ".nan",
          "2147483648",
          "9223372036854775808",
          "true",
          "''",
          "\"",
          "\u0000",
          "\n",
          "\t",
          "&a ",
          "*a",
          "!!java.net.URL x",
          "<<: ",
          "type: ",
          "? ",
          "# ",
          "|",
          "%",
          "\ud83d\ude00",
          "\ufeff",
          "---\n",
          "...",
          "{type: gla}",
          "layers: [",
          "x".repeat(300));

  private final SplittableRandom random;

  Fuzzer(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** A damaged copy of a text. */
  String damaged(String text) {
    return new String(damaged(text.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
  }

  /** A copy with one to four damages. */
  byte[] damaged(byte[] bytes) {
    byte[] damaged = bytes.clone();
    for (int rest = random.nextInt(1, 5); rest > 0; rest--) {
      damaged = once(damaged);
    }
    return damaged;
  }

  private byte[] once(byte[] bytes) {
    int from = random.nextInt(bytes.length + 1);
    int to = Math.min(bytes.length, from + random.nextInt(1, 17));
    return switch (random.nextInt(7)) {
      case 0 -> Arrays.copyOf(bytes, from);
      case 1 -> spliced(bytes, from, to, new byte[0]);
      case 2 -> spliced(bytes, from, from, Arrays.copyOfRange(bytes, from, to));
      case 3 -> spliced(bytes, from, to, noise(to - from));
      case 4 -> flipped(bytes, from);
      case 5 -> spliced(bytes, from, from, token());
      default -> withNumber(bytes, from);
    };
  }

  private byte[] noise(int length) {
    byte[] noise = new byte[length];
    random.nextBytes(noise);
    return noise;
  }

  private byte[] flipped(byte[] bytes, int at) {
    byte[] flipped = bytes.clone();
    if (at < bytes.length) {
      flipped[at] ^= (byte) (1 << random.nextInt(8));
    }
    return flipped;
  }

  private byte[] token() {
    return TOKENS.get(random.nextInt(TOKENS.size())).getBytes(StandardCharsets.UTF_8);
  }

  /** The next number, or word, replaced. */
  private byte[] withNumber(byte[] bytes, int from) {
    int start = from;
    while (start < bytes.length && !Character.isLetterOrDigit(bytes[start])) {
      start++;
    }
    int end = start;
    while (end < bytes.length && Character.isLetterOrDigit(bytes[end])) {
      end++;
    }
    return spliced(bytes, start, end, token());
  }

  private static byte[] spliced(byte[] bytes, int from, int to, byte[] between) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, from);
    out.writeBytes(between);
    out.write(bytes, to, bytes.length - to);
    return out.toByteArray();
  }
}
