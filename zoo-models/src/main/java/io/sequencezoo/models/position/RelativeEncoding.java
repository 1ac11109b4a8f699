package io.sequencezoo.models.position;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.op.RelativeAngles;
import io.sequencezoo.core.op.RelativePosition;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Linearised relative position encoding of queries and keys, MD-LRPE: the types 1 to 6 of its
 * authors' code, on grids of any number of axes.
 *
 * <pre>{@code
 * rotate   θ_j = b^{-2j/w}, j < w/2     (x_j, x_{j+w/2}) turned by c θ_j
 * cosine   θ_j = b^{-2j/w}, j < w       x_j -> (x_j cos cθ_j, x_j sin cθ_j)
 * }</pre>
 *
 * <p>The head's K features are shared out to the axes, w each, and c is the coordinate on that
 * axis. The low and high variants keep only the lower or the upper half of the frequencies and set
 * the other angles to zero. Which two features form a pair is a matter of the projections before;
 * the authors' code has neighbours, here they lie w/2 apart.
 */
public enum RelativeEncoding {
  /** None. */
  @JsonProperty("none")
  NONE(null, 1),
  /** Type 1: rotation of all features, rotary embedding. */
  @JsonProperty("rotate")
  ROTATE(RelativePosition.Form.ROTATE, 2),
  /** Type 2: rotation by the lower half of the frequencies. */
  @JsonProperty("rotate_low")
  ROTATE_LOW(RelativePosition.Form.ROTATE, 4),
  /** Type 3: rotation by the upper half of the frequencies. */
  @JsonProperty("rotate_high")
  ROTATE_HIGH(RelativePosition.Form.ROTATE, 4),
  /** Type 4: cosine and sine parts, twice the key width. */
  @JsonProperty("cosine")
  COSINE(RelativePosition.Form.COSINE, 1),
  /** Type 5: the same with the lower half of the frequencies. */
  @JsonProperty("cosine_low")
  COSINE_LOW(RelativePosition.Form.COSINE, 2),
  /** Type 6: the same with the upper half of the frequencies. */
  @JsonProperty("cosine_high")
  COSINE_HIGH(RelativePosition.Form.COSINE, 2);

  private final RelativePosition.@Nullable Form form;
  private final int divisor;

  RelativeEncoding(RelativePosition.@Nullable Form form, int divisor) {
    this.form = form;
    this.divisor = divisor;
  }

  /** How positions enter; null for {@link #NONE}. */
  public RelativePosition.@Nullable Form form() {
    return form;
  }

  /** How many times wider keys become. */
  public int widening() {
    return form == RelativePosition.Form.COSINE ? 2 : 1;
  }

  /**
   * The angles for heads of K keys, or null for {@link #NONE}.
   *
   * @param subject the type name of the mixer, for messages
   * @param base b
   */
  public @Nullable RelativeAngles angles(String subject, Grid grid, int keys, double base) {
    if (this == NONE) {
      return null;
    }
    checkArgument(
        keys % (grid.rank() * divisor) == 0,
        "%s: keys per head must be divisible by %s for relative encoding %s of %s axes, got %s;"
            + " use other heads or keyExpansion",
        subject,
        grid.rank() * divisor,
        name().toLowerCase(Locale.ROOT),
        grid.rank(),
        keys);
    int width = keys / grid.rank();
    double[] frequencies = new double[form == RelativePosition.Form.ROTATE ? width / 2 : width];
    for (int j = 0; j < frequencies.length; j++) {
      boolean upper = j < frequencies.length / 2;
      boolean zero =
          upper
              ? this == ROTATE_LOW || this == COSINE_LOW
              : this == ROTATE_HIGH || this == COSINE_HIGH;
      frequencies[j] = zero ? 0 : Math.pow(base, -2.0 * j / width);
    }
    return new RelativeAngles(grid.lines(), frequencies);
  }
}
