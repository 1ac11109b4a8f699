package io.sequencezoo.models.matrix;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonView;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.config.Derived;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link Rwkv7}. What is absent takes the reference's default.
 *
 * @param headDim K, keys and values per head; absent for 64, or the width where that is less
 * @param decayRank rank of the decay's projection; absent for about 2.5 √D K/64, in steps of 32
 * @param rateRank rank of the in-context rate's projection; absent for as many
 * @param gateRank rank of the output gate's projection; absent for about 5 √D, in steps of 32
 * @param shortConvolution tokens that the token shift spans, which is a convolution before the
 *     projections: 2, or 0 for no shift; 2
 * @param outputGate whether the gate, which has no activation but that between its factors,
 *     multiplies the outputs; true
 * @param norm whether outputs are normalised per head; true
 */
@JsonTypeName(Rwkv7Config.NAME)
@JsonClassDescription(
    "RWKV-7: a matrix state per head that removes along one key and writes along another")
public record Rwkv7Config(
    @Derived int headDim,
    @Derived int decayRank,
    @Derived int rateRank,
    @Derived int gateRank,
    @JsonView(Configs.Since02.class) int shortConvolution,
    @JsonView(Configs.Since02.class) boolean outputGate,
    @JsonView(Configs.Since02.class) boolean norm)
    implements MixerConfig {
  static final String NAME = "rwkv7";

  private static final int HEAD = 64;
  private static final int RANK_STEP = 32;

  /** Checks each field alone; {@link #build} checks them with the width. */
  public Rwkv7Config {
    checkCount("headDim", headDim);
    checkCount("decayRank", decayRank);
    checkCount("rateRank", rateRank);
    checkCount("gateRank", gateRank);
    checkArgument(
        shortConvolution == 0 || shortConvolution == 2,
        NAME + ": shortConvolution must be 2, the token shift, or 0 for none, got %s",
        shortConvolution);
  }

  /** The reference layer. */
  public static Rwkv7Config standard() {
    return new Rwkv7Config(0, 0, 0, 0, 2, true, true);
  }

  private static void checkCount(String field, int value) {
    checkArgument(
        value >= 0, NAME + ": %s must be at least 1, or 0 for its default, got %s", field, value);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<Rwkv7Config> examples() {
    return List.of(
        standard(),
        new Rwkv7Config(2, 3, 2, 5, 2, true, true),
        new Rwkv7Config(2, 3, 2, 5, 0, false, false));
  }

  @Override
  public SequenceMixer build(Place place) {
    int width = place.width();
    int keys = headDim == 0 ? Math.min(HEAD, width) : headDim;
    checkArgument(
        width % keys == 0,
        NAME + ": width %s must be divisible by headDim %s; use headDim %s",
        width,
        keys,
        largestDivisor(width, keys));
    double perHead = keys / (double) HEAD;
    Rwkv7.Ranks ranks =
        new Rwkv7.Ranks(
            decayRank == 0 ? rank(2.5 * Math.sqrt(width) * perHead) : decayRank,
            rateRank == 0 ? rank(2.5 * Math.sqrt(width) * perHead) : rateRank,
            gateRank == 0 ? rank(5 * Math.sqrt(width)) : gateRank);
    return new SequenceMixer(new Rwkv7(width, keys, ranks, new Rwkv7Start(place, keys), this));
  }

  private static int rank(double wanted) {
    return Math.max(RANK_STEP, (int) Math.rint(wanted / RANK_STEP) * RANK_STEP);
  }

  private static int largestDivisor(int width, int most) {
    int divisor = Math.min(width, most);
    while (width % divisor != 0) {
      divisor--;
    }
    return divisor;
  }
}
