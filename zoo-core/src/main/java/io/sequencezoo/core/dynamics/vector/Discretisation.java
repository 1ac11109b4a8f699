package io.sequencezoo.core.dynamics.vector;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * From a continuous system {@code x' = A x + B u} to steps of length Δ: {@code x_t = λ x_{t-1} + γ
 * B u_t}. Evaluated in double precision, by series where differences would cancel, so that tiny
 * steps are as accurate as large ones in float.
 */
public enum Discretisation {
  /** Zero-order hold: {@code λ = e^{ΔA}}, {@code γ = (e^{ΔA} - 1)/A}. */
  @JsonProperty("zoh")
  ZOH {
    @Override
    void evaluate(Point p) {
      p.logRe = p.zRe;
      p.logIm = p.zIm;
      p.logSlopeRe = 1;
      p.logSlopeIm = 0;
      Phi.evaluate(p);
    }
  },
  /** Bilinear: {@code λ = (1 + ΔA/2)/(1 - ΔA/2)}, {@code γ = Δ/(1 - ΔA/2)}. */
  @JsonProperty("bilinear")
  BILINEAR {
    @Override
    void evaluate(Point p) {
      double x = p.zRe / 2;
      double y = p.zIm / 2;
      double below = (1 - x) * (1 - x) + y * y;
      // |λ|² = 1 + 4x/|1 - z/2|²: nothing cancels for small or purely oscillating z.
      p.logRe = Math.log1p(4 * x / below) / 2;
      p.logIm = Math.atan2(y, 1 + x) + Math.atan2(y, 1 - x);
      // r = 1/(1 - z/2), φ = r, φ' = r²/2, (log λ)' = r/(1 + z/2).
      double rRe = (1 - x) / below;
      double rIm = y / below;
      p.phiRe = rRe;
      p.phiIm = rIm;
      p.phiSlopeRe = (rRe * rRe - rIm * rIm) / 2;
      p.phiSlopeIm = rRe * rIm;
      double above = (1 + x) * (1 + x) + y * y;
      p.logSlopeRe = (rRe * (1 + x) + rIm * y) / above;
      p.logSlopeIm = (rIm * (1 + x) - rRe * y) / above;
    }
  };

  /** Numbers of a task: each costs an exponential, a sine and a cosine. */
  private static final int GRAIN = 512;

  /**
   * {@code (log λ, γ)}, both of A's shape.
   *
   * @param a {@code A [..., 2, N]}, or {@code [2, N]}
   * @param logStep {@code log Δ}: one for all modes {@code [...]}, or one per mode {@code [..., N]}
   */
  public Variable[] apply(Tape tape, Variable a, Variable logStep) {
    int modes = a.size(-1);
    long length = a.length();
    checkArgument(
        a.rank() >= 2 && a.size(-2) == 2,
        "discretisation: A must be [..., 2, N], got %s",
        Arrays.toString(a.shape()));
    long steps = logStep.length();
    checkArgument(
        steps == length / 2 || steps * modes == length / 2,
        "discretisation: log step must have one entry per mode or per row of A %s, got %s",
        Arrays.toString(a.shape()),
        Arrays.toString(logStep.shape()));
    checkArgument(
        a.type() == logStep.type(),
        "discretisation: A and log step must have one data type, got %s and %s",
        a.type(),
        logStep.type());
    boolean perMode = steps == length / 2;
    return new Application<>(this, Precision.of(a.type()), a, logStep, modes, perMode).record(tape);
  }

  /** From {@code z = ΔA} fills in {@code log λ}, {@code φ = γ/Δ} and their derivatives by z. */
  abstract void evaluate(Point p);

  /** One mode; all functions are holomorphic in z. */
  static final class Point {
    double zRe;
    double zIm;
    double logRe;
    double logIm;
    double logSlopeRe;
    double logSlopeIm;
    double phiRe;
    double phiIm;
    double phiSlopeRe;
    double phiSlopeIm;
  }

  /** {@code φ(z) = (e^z - 1)/z}. */
  private static final class Phi {
    /** Below, the series of {@link #TERMS} terms is exact to double precision. */
    private static final double SERIES_RADIUS = 0.5;

    private static final int TERMS = 16;

    private Phi() {}

    static void evaluate(Point p) {
      double square = p.zRe * p.zRe + p.zIm * p.zIm;
      if (square < SERIES_RADIUS * SERIES_RADIUS) {
        series(p);
        return;
      }
      double size = Math.exp(p.zRe);
      double re = size * Math.cos(p.zIm);
      double im = size * Math.sin(p.zIm);
      p.phiRe = ((re - 1) * p.zRe + im * p.zIm) / square;
      p.phiIm = (im * p.zRe - (re - 1) * p.zIm) / square;
      // φ' = (e^z - φ)/z
      double dRe = re - p.phiRe;
      double dIm = im - p.phiIm;
      p.phiSlopeRe = (dRe * p.zRe + dIm * p.zIm) / square;
      p.phiSlopeIm = (dIm * p.zRe - dRe * p.zIm) / square;
    }

    /** {@code φ = Σ z^k/(k+1)!}, {@code φ' = Σ k z^{k-1}/(k+1)!}. */
    private static void series(Point p) {
      double powerRe = 1;
      double powerIm = 0;
      double factorial = 1;
      p.phiRe = 1;
      p.phiIm = 0;
      p.phiSlopeRe = 0;
      p.phiSlopeIm = 0;
      for (int k = 1; k < TERMS; k++) {
        factorial *= k + 1;
        p.phiSlopeRe += k * powerRe / factorial;
        p.phiSlopeIm += k * powerIm / factorial;
        double next = powerRe * p.zRe - powerIm * p.zIm;
        powerIm = powerRe * p.zIm + powerIm * p.zRe;
        powerRe = next;
        p.phiRe += powerRe / factorial;
        p.phiIm += powerIm / factorial;
      }
    }
  }

  /** One application to arrays. */
  private record Application<A>(
      Discretisation rule,
      Precision<A> precision,
      Variable a,
      Variable logStep,
      int modes,
      boolean perMode) {

    Variable[] record(Tape tape) {
      INDArray log = tape.allocate(a.type(), a.shape());
      INDArray gamma = tape.allocate(a.type(), a.shape());
      double[] as = values(a.value());
      double[] logSteps = values(logStep.value());
      double[] logs = new double[as.length];
      double[] gammas = new double[as.length];
      Parallel.ranges(
          as.length / 2,
          GRAIN,
          (from, end) -> {
            Point p = new Point();
            for (int i = (int) from; i < end; i++) {
              double step = at(as, logSteps, i, p);
              int re = re(i);
              logs[re] = p.logRe;
              logs[re + modes] = p.logIm;
              gammas[re] = step * p.phiRe;
              gammas[re + modes] = step * p.phiIm;
            }
          });
      store(logs, log);
      store(gammas, gamma);
      return tape.record(new INDArray[] {log, gamma}, this::pullback, a, logStep);
    }

    /** Where the real part of mode i lies; the imaginary part is N further. */
    private int re(int i) {
      return i / modes * 2 * modes + i % modes;
    }

    private double at(double[] as, double[] logSteps, int i, Point p) {
      double step = Math.exp(logSteps[perMode ? i : i / modes]);
      p.zRe = step * as[re(i)];
      p.zIm = step * as[re(i) + modes];
      rule.evaluate(p);
      return step;
    }

    /** {@code γ = Δ φ(ΔA)}: {@code ∂γ/∂A = Δ² φ'}, {@code ∂γ/∂log Δ = Δ (φ + z φ')}. */
    private void pullback(Cotangents cotangents) {
      double[] as = values(a.value());
      double[] logSteps = values(logStep.value());
      double[] gLogs = values(cotangents.outputOrZeros(0));
      double[] gGammas = values(cotangents.outputOrZeros(1));
      double[] gA = new double[as.length];
      double[] gStep = new double[as.length / 2];
      Parallel.ranges(
          as.length / 2,
          GRAIN,
          (from, end) -> {
            Point p = new Point();
            for (int i = (int) from; i < end; i++) {
              double step = at(as, logSteps, i, p);
              int re = re(i);
              int im = re + modes;
              // Gradients of z by both outputs: conjugates of the derivatives times cotangents.
              double zRe =
                  p.logSlopeRe * gLogs[re]
                      + p.logSlopeIm * gLogs[im]
                      + step * (p.phiSlopeRe * gGammas[re] + p.phiSlopeIm * gGammas[im]);
              double zIm =
                  p.logSlopeRe * gLogs[im]
                      - p.logSlopeIm * gLogs[re]
                      + step * (p.phiSlopeRe * gGammas[im] - p.phiSlopeIm * gGammas[re]);
              gA[re] = step * zRe;
              gA[im] = step * zIm;
              gStep[i] =
                  p.zRe * zRe
                      + p.zIm * zIm
                      + step * (p.phiRe * gGammas[re] + p.phiIm * gGammas[im]);
            }
          });
      ComplexArrays.contribute(precision, cotangents, 0, gA);
      ComplexArrays.contribute(precision, cotangents, 1, perMode ? gStep : sums(gStep));
    }

    private double[] sums(double[] perMode) {
      double[] sums = new double[perMode.length / modes];
      for (int i = 0; i < perMode.length; i++) {
        sums[i / modes] += perMode[i];
      }
      return sums;
    }

    private double[] values(INDArray array) {
      return ComplexArrays.values(precision, array);
    }

    private void store(double[] values, INDArray into) {
      ComplexArrays.store(precision, values, into);
    }
  }
}
