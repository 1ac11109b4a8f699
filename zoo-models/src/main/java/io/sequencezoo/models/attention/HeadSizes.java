package io.sequencezoo.models.attention;

import static com.google.common.base.Preconditions.checkArgument;

/** How the heads of attention share a width. */
final class HeadSizes {
  private HeadSizes() {}

  /** The size of a head: headDim where it isn't 0, otherwise a head's share of the width. */
  static int of(String subject, int width, int heads, int headDim) {
    return headDim != 0 ? headDim : share(subject, width, heads, ", or set headDim");
  }

  /** A head's share of the width. */
  static int share(String subject, int width, int heads) {
    return share(subject, width, heads, "");
  }

  private static int share(String subject, int width, int heads, String otherRemedy) {
    checkArgument(
        width % heads == 0,
        "%s: width %s must be divisible by heads %s; use %s%s",
        subject,
        width,
        heads,
        divisorsNear(width, heads),
        otherRemedy);
    return width / heads;
  }

  /** Refuses what is less than 1, but for a 0 that stands for something. */
  static void checkDerived(String subject, String field, int value, String zero) {
    checkArgument(
        value >= 0, "%s: %s must be at least 1, or 0 for %s, got %s", subject, field, zero, value);
  }

  /** Heads of keys and values, as many as query heads for 0; checks both. */
  static int keyValueHeads(String subject, int heads, int keyValueHeads) {
    checkArgument(heads >= 1, "%s: heads must be at least 1, got %s", subject, heads);
    int shared = keyValueHeads == 0 ? heads : keyValueHeads;
    checkArgument(
        shared >= 1 && heads % shared == 0,
        "%s: heads %s must be divisible by keyValueHeads %s; use 1 or %s",
        subject,
        heads,
        shared,
        heads);
    return shared;
  }

  private static String divisorsNear(int width, int heads) {
    int below = Math.min(heads, width);
    while (width % below != 0) {
      below--;
    }
    int above = heads;
    while (above < width && width % above != 0) {
      above++;
    }
    return width % above == 0 ? "heads " + below + " or " + above : "heads " + below;
  }
}
