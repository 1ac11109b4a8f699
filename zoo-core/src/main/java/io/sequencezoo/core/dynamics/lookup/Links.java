package io.sequencezoo.core.dynamics.lookup;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.op.Indices;
import java.util.Arrays;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Which tokens every token of a stretch refers to, on the heap and checked: only what came before
 * it can be read.
 */
final class Links {
  private final Map<String, Variable> coefficients;
  private final int[] held;
  private final int[] lengths;
  private final int steps;
  private final int heads;
  private final int[] previous;
  private final int[] match;
  private final int[] count;

  private Links(int[] held, int[] lengths, Map<String, Variable> coefficients) {
    Variable links = Recurrence.required(coefficients, LookupRecurrence.MATCH);
    this.coefficients = coefficients;
    this.held = held;
    this.lengths = lengths;
    this.steps = links.size(1);
    this.heads = links.size(2);
    this.previous = new int[(int) links.length()];
    this.match = new int[(int) links.length()];
    this.count = new int[(int) links.length()];
  }

  /**
   * The links of a stretch.
   *
   * @param held tokens of each row before it
   * @param lengths valid tokens of each row
   */
  static Links of(Map<String, Variable> coefficients, int[] held, int[] lengths) {
    Replay.spoil();
    Links links = new Links(held, lengths, coefficients);
    links.read();
    return links;
  }

  /** Those of one token of each row, to be read in a task. */
  static Links ofToken(Map<String, Variable> coefficients, int[] held) {
    int[] one = new int[held.length];
    Arrays.fill(one, 1);
    return new Links(held, one, coefficients);
  }

  /** Reads what there is now. */
  void read() {
    read(LookupRecurrence.PREVIOUS, previous);
    read(LookupRecurrence.MATCH, match);
    read(LookupRecurrence.COUNT, count);
    for (int b = 0; b < lengths.length; b++) {
      for (int t = 0; t < lengths[b]; t++) {
        for (int h = 0; h < heads; h++) {
          check(b, t, h);
        }
      }
    }
  }

  private void read(String name, int[] into) {
    INDArray given = Recurrence.required(coefficients, name).operand();
    Indices.read(LookupRecurrence.NAME + " " + name, given, into);
  }

  private void check(int b, int t, int h) {
    int before = held[b] + t;
    int previousLink = previous(b, t, h);
    int matched = match(b, t, h);
    boolean past =
        previousLink >= LookupRecurrence.NONE
            && previousLink < before
            && matched >= LookupRecurrence.NONE
            && matched < before;
    if (!past) {
      throw new IllegalArgumentException(
          "%s: prev and match of token %s must be from -1 to %s, got %s and %s"
              .formatted(LookupRecurrence.NAME, before, before - 1, previousLink, matched));
    }
    int length = count[at(b, t, h)];
    if (matched != LookupRecurrence.NONE && length < 1) {
      throw new IllegalArgumentException(
          "%s: count of token %s must be at least 1 where it reads a chain, got %s"
              .formatted(LookupRecurrence.NAME, before, length));
    }
  }

  private int at(int b, int t, int h) {
    return (b * steps + t) * heads + h;
  }

  int batch() {
    return held.length;
  }

  int steps() {
    return steps;
  }

  int heads() {
    return heads;
  }

  /** Tokens of a row before the stretch. */
  int held(int b) {
    return held[b];
  }

  /** Valid tokens of a row. */
  int length(int b) {
    return lengths[b];
  }

  /** Slots that every row needs after the stretch. */
  int slots() {
    int slots = 0;
    for (int b = 0; b < held.length; b++) {
      slots = Math.max(slots, held[b] + lengths[b]);
    }
    return slots;
  }

  /** The link before a token of the stretch, counted from the start of the sequence. */
  int previous(int b, int t, int h) {
    return previous[at(b, t, h)];
  }

  /** The latest link of the chain that it reads. */
  int match(int b, int t, int h) {
    return match[at(b, t, h)];
  }

  /** {@code 1 / count}. */
  double weight(int b, int t, int h) {
    return 1.0 / count[at(b, t, h)];
  }
}
