package io.sequencezoo.train;

import java.util.List;

/**
 * How an optimiser turns a gradient into what its rate multiplies, element by element. The formulas
 * are PyTorch's: moments are corrected for their start before eps is added.
 *
 * @param memory the names of the vectors that it remembers, zeros at first
 * @param updates its formula at update t, from 1 on
 */
record Rule(List<String> memory, Updates updates) {
  private static final List<String> MOMENTS = List.of("m", "v");

  /** The formula of an update. */
  @FunctionalInterface
  interface Updates {
    /** The formula at update t. */
    Update at(long t);
  }

  /** The formula for an element. */
  @FunctionalInterface
  interface Update {
    /** What is to be subtracted, over the rate; brings element i of every memory up to date. */
    double of(double g, double[][] memory, int i);
  }

  /** The gradient. */
  static Rule sgd() {
    return new Rule(List.of(), t -> (g, memory, i) -> g);
  }

  /** {@code b = μ b + g; g + μ b}. */
  static Rule nesterovs(double momentum) {
    return new Rule(
        List.of("momentum"),
        t ->
            (g, memory, i) -> {
              memory[0][i] = momentum * memory[0][i] + g;
              return g + momentum * memory[0][i];
            });
  }

  /** Adam over the largest second moment so far. */
  static Rule amsGrad(double beta1, double beta2, double eps) {
    return new Rule(
        List.of("m", "v", "largest"),
        t -> {
          double first = correction(beta1, t);
          double second = correction(beta2, t);
          return (g, memory, i) -> {
            double m = average(memory[0], i, beta1, g);
            double v = average(memory[1], i, beta2, g * g);
            memory[2][i] = Math.max(memory[2][i], v);
            return m / first / (Math.sqrt(memory[2][i] / second) + eps);
          };
        });
  }

  /** Adam over the largest, decaying gradient. */
  static Rule adaMax(double beta1, double beta2, double eps) {
    return new Rule(
        List.of("m", "u"),
        t -> {
          double first = correction(beta1, t);
          return (g, memory, i) -> {
            double m = average(memory[0], i, beta1, g);
            memory[1][i] = Math.max(beta2 * memory[1][i], Math.abs(g) + eps);
            return m / first / memory[1][i];
          };
        });
  }

  /** The gradient over the root of the sum of its squares. */
  static Rule adaGrad(double eps) {
    return new Rule(
        List.of("sum"),
        t ->
            (g, memory, i) -> {
              memory[0][i] += g * g;
              return g / (Math.sqrt(memory[0][i]) + eps);
            });
  }

  /** The gradient in units of past updates over past gradients. */
  static Rule adaDelta(double rho, double eps) {
    return new Rule(
        List.of("square", "moved"),
        t ->
            (g, memory, i) -> {
              double square = average(memory[0], i, rho, g * g);
              double step = Math.sqrt(memory[1][i] + eps) / Math.sqrt(square + eps) * g;
              average(memory[1], i, rho, step * step);
              return step;
            });
  }

  /**
   * Adam with Nesterov momentum and its warm-up, with {@code μ_t = β1 (1 - 0.96^(0.004 t) / 2)}:
   *
   * <pre>{@code
   * ((1 - μ_t) g / (1 - Π_{i≤t} μ_i) + μ_{t+1} m / (1 - Π_{i≤t+1} μ_i)) / (√(v / (1 - β2^t)) + eps)
   * }</pre>
   */
  static Rule nadam(double beta1, double beta2, double eps) {
    return new Rule(
        MOMENTS,
        new Updates() {
          private long last;
          private double product = 1;

          private double momentum(long t) {
            return beta1 * (1 - 0.5 * Math.pow(0.96, 0.004 * t));
          }

          @Override
          public Update at(long t) {
            for (; last < t; last++) {
              product *= momentum(last + 1);
            }
            double second = correction(beta2, t);
            double next = momentum(t + 1);
            double ofGradient = (1 - momentum(t)) / (1 - product);
            double ofMoment = next / (1 - product * next);
            return (g, memory, i) -> {
              double m = average(memory[0], i, beta1, g);
              double v = average(memory[1], i, beta2, g * g);
              return (ofGradient * g + ofMoment * m) / (Math.sqrt(v / second) + eps);
            };
          }
        });
  }

  /** The gradient over the root of the mean of its squares. */
  static Rule rmsProp(double rho, double eps) {
    return new Rule(
        List.of("square"),
        t -> (g, memory, i) -> g / (Math.sqrt(average(memory[0], i, rho, g * g)) + eps));
  }

  /** Adam over the second moment of what the first didn't foresee. */
  static Rule adaBelief(double beta1, double beta2, double eps) {
    return new Rule(
        MOMENTS,
        t -> {
          double first = correction(beta1, t);
          double second = correction(beta2, t);
          return (g, memory, i) -> {
            double m = average(memory[0], i, beta1, g);
            memory[1][i] = average(memory[1], i, beta2, (g - m) * (g - m)) + eps;
            return m / first / (Math.sqrt(memory[1][i] / second) + eps);
          };
        });
  }

  private static double correction(double beta, long t) {
    return 1 - Math.pow(beta, (double) t);
  }

  /** Moves an average towards a number and returns it. */
  private static double average(double[] averages, int i, double kept, double number) {
    averages[i] = kept * averages[i] + (1 - kept) * number;
    return averages[i];
  }
}
