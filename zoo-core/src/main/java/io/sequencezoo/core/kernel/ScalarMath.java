package io.sequencezoo.core.kernel;

/**
 * The functions of {@link Unary} and their derivatives at one point, in double precision. Every
 * other implementation is measured against these.
 */
final class ScalarMath {
  /** {@code √(2/π)} and the cubic coefficient of Hendrycks and Gimpel (2016), section 2. */
  static final double GELU_SCALE = Math.sqrt(2 / Math.PI);

  static final double GELU_CUBIC = 0.044715;

  /** Where both forms of GELU and the derivatives have long reached their limits. */
  static final double SATURATED = 40;

  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double SQRT_PI = Math.sqrt(Math.PI);

  private ScalarMath() {}

  /** {@code f(x)}. */
  static double value(Unary f, double x) {
    return switch (f) {
      case NEGATE -> -x;
      case EXP -> Math.exp(x);
      case LOG -> Math.log(x);
      case SQUARE -> x * x;
      case SQRT -> Math.sqrt(x);
      case RECIPROCAL -> 1 / x;
      case TANH -> Math.tanh(x);
      case SIGMOID -> sigmoid(x);
      case SILU -> weighted(x, sigmoid(x));
      case GELU_TANH -> weighted(x, sigmoid(2 * geluArgument(x)));
      case GELU -> weighted(x, normalCdf(x));
      case RELU -> Math.max(x, 0);
      case RELU_SQUARED -> Math.max(x, 0) * Math.max(x, 0);
      case SOFTPLUS -> softplus(x);
      case LOG_SIGMOID -> -softplus(-x);
      case ELU_PLUS_ONE -> x > 0 ? x + 1 : Math.exp(x);
    };
  }

  /** {@code f'(x)}, given {@code y = f(x)}. */
  static double slope(Unary f, double x, double y) {
    return switch (f) {
      case NEGATE -> -1;
      case EXP -> y;
      case LOG -> 1 / x;
      case SQUARE -> 2 * x;
      case SQRT -> 0.5 / y;
      case RECIPROCAL -> -y * y;
      case TANH -> 1 - y * y;
      case SIGMOID -> y * (1 - y);
      case SILU -> siluSlope(x);
      case GELU_TANH -> geluTanhSlope(x);
      case GELU -> geluSlope(x);
      case RELU -> x > 0 ? 1 : x <= 0 ? 0 : x; // NaN stays
      case RELU_SQUARED -> 2 * Math.max(x, 0);
      case SOFTPLUS -> sigmoid(x);
      case LOG_SIGMOID -> sigmoid(-x);
      case ELU_PLUS_ONE -> x > 0 ? 1 : y;
    };
  }

  static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** {@code log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)}: the exponent never overflows. */
  static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  /** {@code x weight}, with the limit 0 where x is -infinity and the weight vanishes. */
  private static double weighted(double x, double weight) {
    return Math.max(x, -Double.MAX_VALUE) * weight;
  }

  /** {@code u = √(2/π) (x + 0.044715 x³)}; GELU is {@code x (1 + tanh u)/2 = x σ(2u)}. */
  private static double geluArgument(double x) {
    return GELU_SCALE * (x + GELU_CUBIC * x * x * x);
  }

  /** Arguments are cut off because infinity times a vanished weight would be NaN. */
  private static double saturate(double x) {
    return Math.max(-SATURATED, Math.min(SATURATED, x));
  }

  private static double siluSlope(double x) {
    double s = sigmoid(x);
    // Slower decay than GELU's: the cut must lie where e^x vanishes in double precision.
    double cut = Math.max(-800, Math.min(800, x));
    return s * (1 + cut * (1 - s));
  }

  private static double geluTanhSlope(double x) {
    double cut = saturate(x);
    double s = sigmoid(2 * geluArgument(cut));
    double inner = GELU_SCALE * (1 + 3 * GELU_CUBIC * cut * cut);
    return s + 2 * cut * s * (1 - s) * inner;
  }

  private static double geluSlope(double x) {
    double cut = saturate(x);
    return normalCdf(cut) + cut * Math.exp(-0.5 * cut * cut) * SQRT_HALF / SQRT_PI;
  }

  /** The standard normal distribution function, with small relative error in the lower tail. */
  static double normalCdf(double x) {
    return 0.5 * erfc(-x * SQRT_HALF);
  }

  /** The complementary error function: a series near 0, a continued fraction beyond. */
  static double erfc(double x) {
    if (Math.abs(x) < 2) {
      return 1 - erfSeries(x);
    }
    double tail = erfcFraction(Math.abs(x));
    return x < 0 ? 2 - tail : tail;
  }

  /** {@code erf x = 2/√π e^{-x²} Σ 2^k x^{2k+1} / (2k+1)!!} (DLMF 7.6.2): no cancellation. */
  private static double erfSeries(double x) {
    double term = x;
    double sum = x;
    for (int k = 1; Math.abs(term) > Math.ulp(sum) / 4; k++) {
      term *= 2 * x * x / (2 * k + 1);
      sum += term;
    }
    return 2 / SQRT_PI * Math.exp(-x * x) * sum;
  }

  /** {@code erfc x = e^{-x²}/√π / (x + (1/2)/(x + (2/2)/(x + (3/2)/...)))} (DLMF 7.9.1). */
  private static double erfcFraction(double x) {
    if (x > 28) {
      return 0; // below the smallest double
    }
    double below = x;
    // Terms until the rest is below the last bit at x = 2, where convergence is slowest.
    for (int k = 90; k >= 1; k--) {
      below = x + 0.5 * k / below;
    }
    return Math.exp(-x * x) / (SQRT_PI * below);
  }
}
