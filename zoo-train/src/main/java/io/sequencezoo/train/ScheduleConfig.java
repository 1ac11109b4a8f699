package io.sequencezoo.train;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;

/**
 * A learning-rate schedule: a pure function of the step. Lengths of phases ({@code warmup}, {@code
 * decay}, {@code constant}) are fractions of all steps below 1 and numbers of steps from 1 on; the
 * {@code floor} is a fraction of the full rate.
 *
 * <p>During a warm-up of w steps the factor is {@code (s+1)/w} at step s, so that no step is lost
 * on rate zero and step w-1 is the first at full rate.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(ScheduleConfig.Constant.class),
  @JsonSubTypes.Type(ScheduleConfig.Cosine.class),
  @JsonSubTypes.Type(ScheduleConfig.Linear.class),
  @JsonSubTypes.Type(ScheduleConfig.InverseSqrt.class),
  @JsonSubTypes.Type(ScheduleConfig.Wsd.class),
  @JsonSubTypes.Type(ScheduleConfig.Wsdc.class)
})
public sealed interface ScheduleConfig {
  /** The factor on the learning rate of the update at a step, from 0, of {@code steps} in all. */
  double factor(long step, long steps);

  /**
   * Full rate after the warm-up.
   *
   * @param warmup length of the warm-up, 0 by default
   */
  @JsonTypeName("constant")
  record Constant(double warmup) implements ScheduleConfig {
    /** Checks the ranges. */
    public Constant {
      Phases.checkLength("warmup", warmup);
    }

    /** The defaults. */
    public static Constant standard() {
      return new Constant(0);
    }

    @Override
    public double factor(long step, long steps) {
      return Phases.warm(step, Phases.steps(warmup, steps));
    }
  }

  /**
   * Half a cosine from full rate to the floor (Loshchilov and Hutter, arXiv 1608.03983, without
   * restarts).
   *
   * @param warmup length of the warm-up, 0 by default
   * @param floor fraction of the rate at the end, 0 by default
   */
  @JsonTypeName("cosine")
  record Cosine(double warmup, double floor) implements ScheduleConfig {
    /** Checks the ranges. */
    public Cosine {
      Phases.checkLength("warmup", warmup);
      Phases.checkFloor(floor);
    }

    /** The defaults. */
    public static Cosine standard() {
      return new Cosine(0, 0);
    }

    @Override
    public double factor(long step, long steps) {
      long w = Phases.steps(warmup, steps);
      double along = Phases.progress(step - w, steps - w);
      return step < w
          ? Phases.warm(step, w)
          : floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * along));
    }
  }

  /**
   * A straight line from full rate to the floor.
   *
   * @param warmup length of the warm-up, 0 by default
   * @param floor fraction of the rate at the end, 0 by default
   */
  @JsonTypeName("linear")
  record Linear(double warmup, double floor) implements ScheduleConfig {
    /** Checks the ranges. */
    public Linear {
      Phases.checkLength("warmup", warmup);
      Phases.checkFloor(floor);
    }

    /** The defaults. */
    public static Linear standard() {
      return new Linear(0, 0);
    }

    @Override
    public double factor(long step, long steps) {
      long w = Phases.steps(warmup, steps);
      return step < w
          ? Phases.warm(step, w)
          : 1 - (1 - floor) * Phases.progress(step - w, steps - w);
    }
  }

  /**
   * {@code √(w/(s+1))} after a warm-up of w steps (Vaswani et al., arXiv 1706.03762, section 5.3).
   *
   * @param warmup length of the warm-up, at least one step; 0.1 by default
   */
  @JsonTypeName("inverse_sqrt")
  record InverseSqrt(double warmup) implements ScheduleConfig {
    /** Checks the ranges. */
    public InverseSqrt {
      Phases.checkLength("warmup", warmup);
    }

    /** The defaults. */
    public static InverseSqrt standard() {
      return new InverseSqrt(0.1);
    }

    @Override
    public double factor(long step, long steps) {
      double w = Math.max(1, Phases.steps(warmup, steps));
      return Math.min((step + 1) / w, Math.sqrt(w / (step + 1)));
    }
  }

  /**
   * Warm-up, stable, decay (Hu et al., MiniCPM, arXiv 2404.06395): full rate until the last {@code
   * decay} steps, then a straight line to the floor.
   *
   * @param warmup length of the warm-up, 0 by default
   * @param decay length of the decay, 0.1 by default
   * @param floor fraction of the rate at the end, 0 by default
   */
  @JsonTypeName("wsd")
  record Wsd(double warmup, double decay, double floor) implements ScheduleConfig {
    /** Checks the ranges. */
    public Wsd {
      Phases.checkLength("warmup", warmup);
      Phases.checkLength("decay", decay);
      Phases.checkFloor(floor);
    }

    /** The defaults. */
    public static Wsd standard() {
      return new Wsd(0, 0.1, 0);
    }

    @Override
    public double factor(long step, long steps) {
      return Phases.trapezium(step, steps, warmup, decay, 0, floor);
    }
  }

  /**
   * Warm-up, stable, decay, constant (PLM, 2025): as {@link Wsd}, but the decay ends {@code
   * constant} steps before the end and the floor is kept from there on.
   *
   * @param warmup length of the warm-up, 0 by default
   * @param decay length of the decay, 0.1 by default
   * @param constant length of the last phase, 0.1 by default
   * @param floor fraction of the rate in the last phase, 0.1 by default
   */
  @JsonTypeName("wsdc")
  record Wsdc(double warmup, double decay, double constant, double floor)
      implements ScheduleConfig {
    /** Checks the ranges. */
    public Wsdc {
      Phases.checkLength("warmup", warmup);
      Phases.checkLength("decay", decay);
      Phases.checkLength("constant", constant);
      Phases.checkFloor(floor);
    }

    /** The defaults. */
    public static Wsdc standard() {
      return new Wsdc(0, 0.1, 0.1, 0.1);
    }

    @Override
    public double factor(long step, long steps) {
      return Phases.trapezium(step, steps, warmup, decay, Phases.steps(constant, steps), floor);
    }
  }
}
