package io.sequencezoo.models.attention;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.conv.ShortConvolutions;

/**
 * Describes a {@link SoftmaxAttention}.
 *
 * @param heads query heads; 4 where absent
 * @param keyValueHeads heads of keys and values, a divisor of heads: 1 is multi-query attention;
 *     absent for as many as query heads
 * @param headDim features of a head; absent for width / heads
 * @param window only positions less than this many steps away are seen; absent for all
 * @param position how positions are told apart; rotary embedding where absent
 * @param qkNorm whether queries and keys are RMS-normalised per head; false where absent
 * @param bias whether queries, keys and values have a bias, keys only where it has an effect: with
 *     rope, qkNorm or shortConvolution; false where absent
 * @param outputBias whether the output projection has one; false where absent
 * @param scale of the logits; absent for headDim^-0.5
 * @param bidirectional whether later positions are seen; false where absent
 * @param shortConvolution W, the tokens that a causal convolution with SiLU on queries, keys and
 *     values spans, or 0 for no convolution; 0 where absent
 */
@JsonTypeName("softmax_attention")
public record SoftmaxAttentionConfig(
    Integer heads,
    Integer keyValueHeads,
    Integer headDim,
    Integer window,
    Position position,
    Boolean qkNorm,
    Boolean bias,
    Boolean outputBias,
    Double scale,
    Boolean bidirectional,
    Integer shortConvolution)
    implements MixerConfig {
  private static final int HEADS = 4;

  /** Fills in the defaults. */
  public SoftmaxAttentionConfig {
    heads = heads == null ? HEADS : heads;
    checkArgument(heads >= 1, "softmax_attention: heads must be at least 1, got %s", heads);
    keyValueHeads = keyValueHeads == null ? heads : keyValueHeads;
    checkArgument(
        keyValueHeads >= 1 && heads % keyValueHeads == 0,
        "softmax_attention: heads %s must be divisible by keyValueHeads %s; use 1 or %s",
        heads,
        keyValueHeads,
        heads);
    checkArgument(
        headDim == null || headDim >= 1,
        "softmax_attention: headDim must be at least 1, got %s",
        headDim);
    checkArgument(
        window == null || window >= 1,
        "softmax_attention: window must be at least 1, got %s; leave it out for no window",
        window);
    checkArgument(
        scale == null || (scale > 0 && Double.isFinite(scale)),
        "softmax_attention: scale must be positive, got %s",
        scale);
    position = position == null ? Position.Rope.standard() : position;
    qkNorm = qkNorm != null && qkNorm;
    bias = bias != null && bias;
    outputBias = outputBias != null && outputBias;
    bidirectional = bidirectional != null && bidirectional;
    shortConvolution = ShortConvolutions.checkedSpan("softmax_attention", shortConvolution);
    checkArgument(
        shortConvolution == 0 || !bidirectional,
        "softmax_attention: shortConvolution must be 0 with bidirectional, got %s;"
            + " it is causal: leave one of them out",
        shortConvolution);
  }

  /** Causal multi-head attention with rotary embedding. */
  public static SoftmaxAttentionConfig of(int heads) {
    return builder().heads(heads).build();
  }

  /** The attention of GPT-2: biases everywhere; positions belong to the model. */
  public static SoftmaxAttentionConfig gpt2(int heads) {
    return builder().heads(heads).position(new Position.None()).bias(true).outputBias(true).build();
  }

  /** A builder with nothing set. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new SoftmaxAttention(this, place));
  }

  /** The size of a head at this width. */
  int headDimFor(int width) {
    if (headDim != null) {
      return headDim;
    }
    checkArgument(
        width % heads == 0,
        "softmax_attention: width %s must be divisible by heads %s; use %s, or set headDim",
        width,
        heads,
        divisorsNear(width, heads));
    return width / heads;
  }

  private static String divisorsNear(int width, int heads) {
    int below = heads;
    while (width % below != 0) {
      below--;
    }
    int above = heads;
    while (above < width && width % above != 0) {
      above++;
    }
    return width % above == 0 ? "heads " + below + " or " + above : "heads " + below;
  }

  /** Sets one option after the other. */
  public static final class Builder {
    private Integer heads;
    private Integer keyValueHeads;
    private Integer headDim;
    private Integer window;
    private Position position;
    private boolean qkNorm;
    private boolean bias;
    private boolean outputBias;
    private Double scale;
    private boolean bidirectional;
    private int shortConvolution;

    private Builder() {}

    /** Query heads. */
    public Builder heads(int n) {
      this.heads = n;
      return this;
    }

    /** Heads of keys and values. */
    public Builder keyValueHeads(int n) {
      this.keyValueHeads = n;
      return this;
    }

    /** Features of a head. */
    public Builder headDim(int n) {
      this.headDim = n;
      return this;
    }

    /** How far back a query sees. */
    public Builder window(int steps) {
      this.window = steps;
      return this;
    }

    /** How positions are told apart. */
    public Builder position(Position encoding) {
      this.position = encoding;
      return this;
    }

    /** Whether queries and keys are normalised. */
    public Builder qkNorm(boolean on) {
      this.qkNorm = on;
      return this;
    }

    /** Whether queries, keys and values have a bias. */
    public Builder bias(boolean on) {
      this.bias = on;
      return this;
    }

    /** Whether the output has a bias. */
    public Builder outputBias(boolean on) {
      this.outputBias = on;
      return this;
    }

    /** The scale of the logits. */
    public Builder scale(double factor) {
      this.scale = factor;
      return this;
    }

    /** Whether later positions are seen. */
    public Builder bidirectional(boolean on) {
      this.bidirectional = on;
      return this;
    }

    /** How many tokens a convolution on queries, keys and values spans. */
    public Builder shortConvolution(int tokens) {
      this.shortConvolution = tokens;
      return this;
    }

    /** The configuration. */
    public SoftmaxAttentionConfig build() {
      return new SoftmaxAttentionConfig(
          heads,
          keyValueHeads,
          headDim,
          window,
          position,
          qkNorm,
          bias,
          outputBias,
          scale,
          bidirectional,
          shortConvolution);
    }
  }
}
