package io.sequencezoo.datasets.chaos;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** A chaotic system with everything that determines its trajectories but where they start. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(Lorenz63.class),
  @JsonSubTypes.Type(Lorenz96.class),
  @JsonSubTypes.Type(MultiscaleLorenz96.class),
  @JsonSubTypes.Type(KuramotoSivashinsky.class),
  @JsonSubTypes.Type(MackeyGlass.class)
})
public interface ChaoticSystem {
  /** Steps of integration from one sample to the next; more only skip what a series could show. */
  int MOST_STRIDE = 10_000;

  /** The name in tasks and files. */
  String label();

  /** The name for people. */
  String title();

  /** Follows the system. */
  Flow flow();

  /** The time that a step of integration takes. */
  double stepTime();

  /** Steps of integration from one sample to the next. */
  int stride();

  /** Steps of integration at the start that don't count. */
  int transientSteps();

  /** F, the numbers of a sample. */
  int features();

  /**
   * The largest Lyapunov exponent, per unit of time: the rate that errors grow at, by which
   * forecasts are timed.
   */
  double exponent();

  /** Whether the numbers of a sample are of one kind, which one mean and deviation scale. */
  default boolean scaledAsOne() {
    return false;
  }

  /** The time between two samples. */
  default double sampleTime() {
    return stepTime() * stride();
  }

  /** The time between two samples in Lyapunov times, {@code 1 / exponent}. */
  default double lyapunovTimesPerSample() {
    return sampleTime() * exponent();
  }

  /** Checks what all systems have. */
  static void check(String name, double stepTime, double longestStep, int stride, double exponent) {
    checkArgument(
        stepTime > 0 && stepTime <= longestStep,
        "%s: stepTime must be positive and at most %s, got %s",
        name,
        longestStep,
        stepTime);
    checkBetween(name, "stride", 1, MOST_STRIDE, stride);
    checkArgument(
        exponent > 0 && Double.isFinite(exponent),
        "%s: exponent must be the largest Lyapunov exponent of these parameters, got %s; measure it",
        name,
        exponent);
  }

  /** Checks a whole number. */
  static void checkBetween(String name, String field, int least, int most, int value) {
    checkArgument(
        value >= least && value <= most,
        "%s: %s must be between %s and %s, got %s",
        name,
        field,
        least,
        most,
        value);
  }
}
