package io.sequencezoo.models.depth;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.op.AdaptiveHalting;
import io.sequencezoo.core.op.AdaptiveHalting.Form;

/**
 * When positions of a {@link UniversalTransformer} halt, and what becomes of them.
 *
 * @param form how what the steps made becomes one: blend, as in Tensor2Tensor and the paper's
 *     listing, or sum, as Graves has it; blend
 * @param threshold what halting probabilities must add up to, in (0, 1); 0.99
 * @param bias of the halting unit at the start; -3. From 0 or 1, as published, most runs learn to
 *     halt at about the second step; from -3 they start with all steps and learn to take fewer
 * @param ponderWeight what the objective multiplies the mean of steps plus remainder by; 0.01
 * @param remainderAtCap whether positions that never halt give their remainder to the last step, as
 *     Graves has it, which a start with all steps needs; true. In Tensor2Tensor they don't
 * @param halted whether halted positions stay as they are for the others to see, as the paper has
 *     it, or go on being transformed, as in Tensor2Tensor; copy
 */
public record HaltingConfig(
    Form form,
    double threshold,
    double bias,
    double ponderWeight,
    boolean remainderAtCap,
    Halted halted) {
  private static final String NAME = "halting";

  /** What the other positions see of one that has halted. */
  public enum Halted {
    /** What it was when it halted. */
    @JsonProperty("copy")
    COPY,
    /** What further steps make of it. */
    @JsonProperty("transform")
    TRANSFORM
  }

  /** Checks the numbers. */
  public HaltingConfig {
    checkArgument(form != null && halted != null, NAME + ": form and halted must be given");
    checkArgument(
        threshold > 0 && threshold < 1,
        NAME + ": threshold must be in (0, 1), got %s; use 0.99",
        threshold);
    checkArgument(Double.isFinite(bias), NAME + ": bias must be finite, got %s; use -3", bias);
    checkArgument(
        ponderWeight >= 0 && Double.isFinite(ponderWeight),
        NAME + ": ponderWeight must not be negative, got %s; use 0 for none",
        ponderWeight);
  }

  /** Starts with all steps. */
  public static HaltingConfig standard() {
    return new HaltingConfig(Form.BLEND, 0.99, -3, 0.01, true, Halted.COPY);
  }

  /** Tensor2Tensor's, {@code act_type="basic"}. */
  public static HaltingConfig tensor2tensor() {
    return new HaltingConfig(Form.BLEND, 0.99, 1, 0.01, false, Halted.TRANSFORM);
  }

  /** Graves' sum (arXiv 1603.08983), around the paper's copied states. */
  public static HaltingConfig graves() {
    return new HaltingConfig(Form.SUM, 0.99, 1, 0.01, true, Halted.COPY);
  }

  AdaptiveHalting.Rule rule() {
    return new AdaptiveHalting.Rule(form, threshold, remainderAtCap);
  }
}
