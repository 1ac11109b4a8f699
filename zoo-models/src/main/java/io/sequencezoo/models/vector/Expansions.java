package io.sequencezoo.models.vector;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.conv.ShortConvolutions;

/** Checks that the configurations of gated recurrent units share. */
final class Expansions {
  private Expansions() {}

  /** E, a width times an expansion, which must be a whole number. */
  static int inner(String subject, MixerConfig.Place place, double expansion) {
    double expanded = place.width() * expansion;
    checkArgument(
        expanded >= 1 && expanded == Math.rint(expanded) && expanded <= Integer.MAX_VALUE,
        "%s: width %s times expansion %s must be a whole number, got %s; use expansion %s",
        subject,
        place.width(),
        expansion,
        expanded,
        Math.max(1, Math.rint(expanded)) / place.width());
    return (int) expanded;
  }

  /** Refuses what can't be an expansion or the span of a convolution. */
  static void check(String subject, double expansion, int shortConvolution) {
    ShortConvolutions.checkSpan(subject, shortConvolution);
    checkArgument(
        expansion > 0 && Double.isFinite(expansion),
        "%s: expansion must be positive, got %s",
        subject,
        expansion);
  }
}
