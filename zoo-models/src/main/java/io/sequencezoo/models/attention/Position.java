package io.sequencezoo.models.attention;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.op.Rotary;

/** How attention learns where a token stands. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(Position.None.class),
  @JsonSubTypes.Type(Position.Rope.class),
  @JsonSubTypes.Type(Position.Alibi.class),
  @JsonSubTypes.Type(Position.Learned.class)
})
public sealed interface Position {

  /** Not at all, but for what the causal mask gives away. */
  @JsonTypeName("none")
  record None() implements Position {}

  /**
   * Queries and keys turn by an angle proportional to their position (Su et al., arXiv 2104.09864).
   *
   * @param convention which features form a pair; half split where absent
   * @param base of the wavelengths; 10000 where absent
   * @param fraction of the features of a head that turn; 1 where absent
   */
  @JsonTypeName("rope")
  record Rope(Rotary.Convention convention, double base, double fraction) implements Position {
    /** Checks the ranges. */
    public Rope {
      checkArgument(base > 0 && Double.isFinite(base), "rope: base must be positive, got %s", base);
      checkArgument(
          fraction > 0 && fraction <= 1, "rope: fraction must be in (0, 1], got %s", fraction);
    }

    /** All features, half split, base 10000 (RoFormer, section 3.2.2, after Vaswani et al.). */
    public static Rope standard() {
      return new Rope(Rotary.Convention.HALF_SPLIT, 10000, 1);
    }

    /** R, the features of a head of this size that turn. */
    int rotaryDim(String subject, int headDim) {
      int dim = (int) Math.round(fraction * headDim);
      checkArgument(
          dim >= 2 && dim % 2 == 0,
          "%s: rope must turn an even number of features, got %s of headDim %s;"
              + " use an even headDim or another fraction",
          subject,
          dim,
          headDim);
      return dim;
    }
  }

  /** Logits fall linearly with distance (Press et al., arXiv 2108.12409). */
  @JsonTypeName("alibi")
  record Alibi() implements Position {}

  /**
   * A learned vector per position is added to the mixer's input.
   *
   * @param maxPositions the longest sequence
   */
  @JsonTypeName("learned")
  record Learned(int maxPositions) implements Position {
    /** Checks that there is a position. */
    public Learned {
      checkArgument(
          maxPositions >= 1,
          "learned positions: maxPositions must be at least 1, got %s",
          maxPositions);
    }
  }
}
