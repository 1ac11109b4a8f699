package io.sequencezoo.models.linear;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Describes a {@link Gla}. What is absent takes the reference's default.
 *
 * @param heads H; 4
 * @param keyExpansion H K over the width; 0.5
 * @param valueExpansion H V over the width; 1
 * @param gateLowRank R, the rank of the gate's projection; 16
 * @param gateNormalizer what the log-sigmoid of the gate is divided by; 16
 * @param shortConvolution W, the tokens that a causal convolution on q, k and v spans, or 0 for no
 *     convolution; 0
 */
@JsonTypeName("gla")
public record GlaConfig(
    Integer heads,
    Double keyExpansion,
    Double valueExpansion,
    Integer gateLowRank,
    Double gateNormalizer,
    Integer shortConvolution)
    implements MixerConfig {

  /** Fills in defaults and checks each field alone; {@link #build} checks them with the width. */
  public GlaConfig {
    heads = heads == null ? 4 : heads;
    keyExpansion = keyExpansion == null ? 0.5 : keyExpansion;
    valueExpansion = valueExpansion == null ? 1.0 : valueExpansion;
    gateLowRank = gateLowRank == null ? 16 : gateLowRank;
    gateNormalizer = gateNormalizer == null ? 16.0 : gateNormalizer;
    shortConvolution = ShortConvolutions.checkedSpan("gla", shortConvolution);
    checkArgument(heads >= 1, "gla: heads must be at least 1, got %s", heads);
    checkPositive("keyExpansion", keyExpansion);
    checkPositive("valueExpansion", valueExpansion);
    checkArgument(gateLowRank >= 1, "gla: gateLowRank must be at least 1, got %s", gateLowRank);
    checkPositive("gateNormalizer", gateNormalizer);
  }

  /** The layer of the paper's language models (Yang et al. 2024, section 5 and its code). */
  public static GlaConfig standard() {
    return new GlaConfig(null, null, null, null, null, null);
  }

  /** The same with the reference's optional convolution of width 4 on q, k and v. */
  public static GlaConfig withShortConvolution() {
    return new GlaConfig(null, null, null, null, null, 4);
  }

  @Override
  public SequenceMixer build(Place place) {
    int width = place.width();
    int keyWidth = expanded(width, "keyExpansion", keyExpansion);
    int valueWidth = expanded(width, "valueExpansion", valueExpansion);
    checkDivisible(width, "", width, keyWidth, valueWidth);
    checkDivisible(keyWidth, "key ", width, keyWidth, valueWidth);
    checkDivisible(valueWidth, "value ", width, keyWidth, valueWidth);
    return new SequenceMixer(
        new Gla(
            width,
            heads,
            keyWidth / heads,
            valueWidth / heads,
            gateLowRank,
            gateNormalizer,
            shortConvolution));
  }

  private static int expanded(int width, String field, double expansion) {
    double expanded = width * expansion;
    checkArgument(
        expanded >= 1 && expanded == Math.rint(expanded) && expanded <= Integer.MAX_VALUE,
        "gla: width %s times %s %s must be a whole number, got %s; use %s %s",
        width,
        field,
        expansion,
        expanded,
        field,
        Math.max(1, Math.rint(expanded)) / width);
    return (int) expanded;
  }

  private void checkDivisible(int size, String what, int width, int keyWidth, int valueWidth) {
    if (size % heads == 0) {
      return;
    }
    List<Integer> fitting = new ArrayList<>();
    for (int h = 1; h <= width; h++) {
      if (width % h == 0 && keyWidth % h == 0 && valueWidth % h == 0) {
        fitting.add(h);
      }
    }
    String below =
        fitting.stream().filter(h -> h < heads).reduce((a, b) -> b).map(String::valueOf).orElse("");
    String above =
        fitting.stream().filter(h -> h > heads).findFirst().map(String::valueOf).orElse("");
    String remedy =
        List.of(below, above).stream()
            .filter(h -> !h.isEmpty())
            .collect(Collectors.joining(" or "));
    throw new IllegalArgumentException(
        "gla: "
            + what
            + "width "
            + size
            + " must be divisible by heads "
            + heads
            + "; use heads "
            + remedy);
  }

  private static void checkPositive(String field, double value) {
    checkArgument(
        value > 0 && Double.isFinite(value), "gla: %s must be positive, got %s", field, value);
  }
}
