package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.math.IntMath;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How the width of a layer is shared out to heads with matrix states.
 *
 * @param width D
 * @param heads G, of queries and keys
 * @param valueHeads H, of values and states, a multiple of G; value head h uses key head {@code
 *     floor(h / (H/G))}
 * @param keys K, per head
 * @param values V, per value head
 */
public record HeadSizes(int width, int heads, int valueHeads, int keys, int values) {

  /**
   * Sizes of H heads whose keys together are D times keyExpansion wide, and values likewise.
   *
   * @param subject the type name of the configuration, for messages
   */
  public static HeadSizes of(
      String subject, int width, int heads, double keyExpansion, double valueExpansion) {
    int keyWidth = expanded(subject, width, "keyExpansion", keyExpansion);
    int valueWidth = expanded(subject, width, "valueExpansion", valueExpansion);
    int[] all = {width, keyWidth, valueWidth};
    checkDivisible(subject, "", width, heads, all);
    checkDivisible(subject, "key ", keyWidth, heads, all);
    checkDivisible(subject, "value ", valueWidth, heads, all);
    return new HeadSizes(width, heads, heads, keyWidth / heads, valueWidth / heads);
  }

  /** The same with a number of value heads of its own, and heads that needn't divide the width. */
  static HeadSizes grouped(
      String subject,
      int width,
      int heads,
      int valueHeads,
      double keyExpansion,
      double valueExpansion) {
    checkArgument(
        valueHeads % heads == 0,
        "%s: valueHeads %s must be a multiple of heads %s; use valueHeads %s",
        subject,
        valueHeads,
        heads,
        heads * Math.max(1, Math.round((double) valueHeads / heads)));
    int keyWidth = expanded(subject, width, "keyExpansion", keyExpansion);
    int valueWidth = expanded(subject, width, "valueExpansion", valueExpansion);
    checkDivisible(subject, "key ", keyWidth, heads, new int[] {keyWidth});
    checkDivisible(subject, "value ", valueWidth, valueHeads, new int[] {valueWidth});
    return new HeadSizes(width, heads, valueHeads, keyWidth / heads, valueWidth / valueHeads);
  }

  /** G K. */
  public int keyWidth() {
    return heads * keys;
  }

  /** H V. */
  public int valueWidth() {
    return valueHeads * values;
  }

  /** Numbers in the state, H K V. */
  long state() {
    return (long) valueHeads * keys * values;
  }

  /** Refuses numbers of heads, expansions and spans of convolutions that fit no width. */
  static void check(
      String subject,
      int heads,
      int valueHeads,
      double keyExpansion,
      double valueExpansion,
      int shortConvolution) {
    ShortConvolutions.checkSpan(subject, shortConvolution);
    checkHeads(subject, heads);
    checkArgument(
        valueHeads >= 1, "%s: valueHeads must be at least 1, got %s", subject, valueHeads);
    checkPositive(subject, "keyExpansion", keyExpansion);
    checkPositive(subject, "valueExpansion", valueExpansion);
  }

  /** The same where 0 heads and value heads stand for their defaults. */
  static void checkDerived(
      String subject,
      int heads,
      int valueHeads,
      double keyExpansion,
      double valueExpansion,
      int shortConvolution) {
    ShortConvolutions.checkSpan(subject, shortConvolution);
    checkHeads(subject, heads == 0 ? 1 : heads);
    checkArgument(
        valueHeads >= 0,
        "%s: valueHeads must be at least 1, or 0 for its default, got %s",
        subject,
        valueHeads);
    checkPositive(subject, "keyExpansion", keyExpansion);
    checkPositive(subject, "valueExpansion", valueExpansion);
  }

  /** Grouped heads, where 0 stands for one per 128 of the width, and for as many value heads. */
  static HeadSizes derived(
      String subject,
      int width,
      int heads,
      int valueHeads,
      double keyExpansion,
      double valueExpansion) {
    int keyHeads = heads == 0 ? oneHeadPer128(width) : heads;
    int all = valueHeads == 0 ? keyHeads : valueHeads;
    return grouped(subject, width, keyHeads, all, keyExpansion, valueExpansion);
  }

  /** Refuses what is not positive. */
  public static void checkPositive(String subject, String field, double value) {
    checkArgument(
        value > 0 && Double.isFinite(value),
        "%s: %s must be positive, got %s",
        subject,
        field,
        value);
  }

  /** The references' number of heads where none is given: width over 128, at least one. */
  static int oneHeadPer128(int width) {
    return Math.max(1, width / 128);
  }

  /** Refuses less than one head. */
  public static void checkHeads(String subject, int heads) {
    checkArgument(heads >= 1, "%s: heads must be at least 1, got %s", subject, heads);
  }

  private static int expanded(String subject, int width, String field, double expansion) {
    double expanded = width * expansion;
    checkArgument(
        expanded >= 1 && expanded == Math.rint(expanded) && expanded <= Integer.MAX_VALUE,
        "%s: width %s times %s %s must be a whole number, got %s; use %s %s",
        subject,
        width,
        field,
        expansion,
        expanded,
        field,
        Math.max(1, Math.rint(expanded)) / width);
    return (int) expanded;
  }

  private static void checkDivisible(
      String subject, String what, int size, int heads, int[] widths) {
    if (size % heads == 0) {
      return;
    }
    int common = IntStream.of(widths).reduce(0, IntMath::gcd);
    List<Integer> fitting =
        IntStream.rangeClosed(1, (int) Math.sqrt(common))
            .filter(h -> common % h == 0)
            .flatMap(h -> IntStream.of(h, common / h))
            .sorted()
            .boxed()
            .toList();
    String remedy =
        IntStream.concat(
                fitting.stream().mapToInt(h -> h).filter(h -> h < heads).max().stream(),
                fitting.stream().mapToInt(h -> h).filter(h -> h > heads).limit(1))
            .mapToObj(String::valueOf)
            .collect(Collectors.joining(" or "));
    throw new IllegalArgumentException(
        String.format(
            "%s: %swidth %d must be divisible by heads %d; use heads %s",
            subject, what, size, heads, remedy));
  }
}
