package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Compares pullbacks with central differences, in double precision, for whatever a function of
 * variables depends on: inputs, parameters and initial states alike.
 *
 * <p>For random cotangents {@code v} and {@code L(x) = Σ v·f(x)}, each element is moved by {@code h
 * = step max(1, |x_i|)} and {@code (L(x + h) - L(x - h)) / 2h} is compared with the pullback's
 * {@code g_i}. An element agrees if {@code |difference| <= tolerance max_j |g_j|}, with the largest
 * over its tensor, or {@code |difference| <= escape}.
 *
 * <pre>{@code
 * GradientCheck.of((tape, in) -> List.of(Primitives.multiply(tape, in[0], in[1])))
 *     .input("x", x)
 *     .input("y", y)
 *     .run()
 *     .assertPassed();
 * }</pre>
 */
public final class GradientCheck {
  /** What is differentiated. Must be a pure function: the same outputs for the same inputs. */
  @FunctionalInterface
  public interface Function {
    /** Evaluates on a tape; integer outputs and outputs without dependence are ignored. */
    List<Variable> apply(Tape tape, Variable[] inputs);
  }

  private final Function function;
  private final List<Input> inputs = new ArrayList<>();

  /** Near the cube root of double precision, which balances truncation and rounding. */
  private double step = 6e-6;

  /** Truncation and rounding leave 1e-9 to 1e-8 at this step. */
  private double tolerance = 1e-6;

  private double escape = 1e-9;
  private long seed = 1;
  private int samples = Integer.MAX_VALUE;

  private GradientCheck(Function function) {
    this.function = function;
  }

  /** A check of a function of the inputs that are named next. */
  public static GradientCheck of(Function function) {
    return new GradientCheck(function);
  }

  /** A check of a function with one output. */
  public static GradientCheck ofOne(java.util.function.BiFunction<Tape, Variable[], Variable> f) {
    return new GradientCheck((tape, inputs) -> List.of(f.apply(tape, inputs)));
  }

  /** Adds a tensor to differentiate by, of type DOUBLE; it is put back as it was. */
  public GradientCheck input(String name, INDArray value) {
    checkArgument(
        value.dataType() == DataType.DOUBLE,
        "gradient check: %s must be DOUBLE, got %s; use castTo(DataType.DOUBLE)",
        name,
        value.dataType());
    inputs.add(new Input(name, value, null));
    return this;
  }

  /**
   * Adds a tensor that the function puts on the tape itself by {@link Tape#parameter}, with the
   * array where its gradient accumulates. It is not among the variables that the function gets.
   */
  public GradientCheck parameter(String name, INDArray value, INDArray gradient) {
    input(name, value);
    inputs.set(inputs.size() - 1, new Input(name, value, gradient));
    return this;
  }

  /** Sets the relative step, positive. */
  public GradientCheck step(double relative) {
    checkArgument(relative > 0, "gradient check: step must be positive, got %s", relative);
    step = relative;
    return this;
  }

  /**
   * Sets the error allowed relative to the largest entry of a gradient, and the absolute escape.
   */
  public GradientCheck tolerance(double relative, double absolute) {
    checkArgument(
        relative >= 0 && absolute >= 0,
        "gradient check: tolerances must not be negative, got %s and %s",
        relative,
        absolute);
    tolerance = relative;
    escape = absolute;
    return this;
  }

  /** Sets the seed of cotangents and samples. */
  public GradientCheck seed(long value) {
    seed = value;
    return this;
  }

  /** Checks at most n randomly chosen elements of each tensor. */
  public GradientCheck samples(int n) {
    checkArgument(n >= 1, "gradient check: samples must be at least 1, got %s", n);
    samples = n;
    return this;
  }

  /** Runs the check. */
  public Report run() {
    checkArgument(!inputs.isEmpty(), "gradient check: needs at least one input, got none");
    @Nullable INDArray[] gradients = new INDArray[inputs.size()];
    List<@Nullable INDArray> cotangents = new ArrayList<>();
    pullBack(gradients, cotangents);
    SplittableRandom random = new SplittableRandom(seed ^ 0x5DEECE66DL);
    List<Finding> findings = new ArrayList<>();
    for (int i = 0; i < gradients.length; i++) {
      findings.add(check(inputs.get(i), gradients[i], cotangents, random));
    }
    return new Report(List.copyOf(findings), tolerance, escape);
  }

  private Variable[] variables(Tape tape, boolean differentiable) {
    return inputs.stream()
        .filter(in -> in.gradient == null)
        .map(in -> differentiable ? tape.variable(in.value) : tape.constant(in.value))
        .toArray(Variable[]::new);
  }

  private void pullBack(@Nullable INDArray[] gradients, List<@Nullable INDArray> cotangents) {
    SplittableRandom random = new SplittableRandom(seed);
    try (Tape tape = Tape.detached()) {
      Variable[] variables = variables(tape, true);
      List<Variable> outputs = function.apply(tape, variables);
      List<Variable> wanted = new ArrayList<>();
      List<INDArray> given = new ArrayList<>();
      for (Variable output : outputs) {
        @Nullable INDArray cotangent = null;
        if (output.type() == DataType.DOUBLE) {
          double[] values = random.doubles(output.value().length(), -1, 1).toArray();
          cotangent = Nd4j.createFromArray(values).reshape('c', output.shape());
          wanted.add(output);
          given.add(cotangent);
        }
        cotangents.add(cotangent);
      }
      checkArgument(!wanted.isEmpty(), "gradient check: needs an output of type DOUBLE, got none");
      for (Input input : inputs) {
        if (input.gradient != null) {
          input.gradient.assign(0);
        }
      }
      tape.backward(wanted, given);
      int next = 0;
      for (int i = 0; i < gradients.length; i++) {
        @Nullable INDArray own = inputs.get(i).gradient;
        gradients[i] = own != null ? own : variables[next++].gradient();
      }
    }
  }

  private double loss(List<@Nullable INDArray> cotangents) {
    try (Tape tape = Tape.inference()) {
      List<Variable> outputs = function.apply(tape, variables(tape, false));
      double loss = 0;
      for (int i = 0; i < outputs.size(); i++) {
        if (cotangents.get(i) != null) {
          double[] y = flat(outputs.get(i).value());
          double[] v = flat(cotangents.get(i));
          for (int k = 0; k < y.length; k++) {
            loss += y[k] * v[k];
          }
        }
      }
      return loss;
    }
  }

  private Finding check(
      Input input,
      @Nullable INDArray gradient,
      List<@Nullable INDArray> cotangents,
      SplittableRandom random) {
    long length = input.value.length();
    double largest = gradient == null ? 0 : largest(gradient);
    long[] elements =
        samples >= length
            ? LongStream.range(0, length).toArray()
            : random.longs(samples, 0, length).sorted().distinct().toArray();
    Finding worst = new Finding(input.name, new long[input.value.rank()], 0, 0, largest, 0);
    for (long element : elements) {
      long[] index = index(input.value.shape(), element);
      double before = input.value.getDouble(index);
      double h = step * Math.max(1, Math.abs(before));
      double numeric;
      try {
        input.value.putScalar(index, before + h);
        double after = loss(cotangents);
        input.value.putScalar(index, before - h);
        numeric = (after - loss(cotangents)) / (2 * h);
      } finally {
        input.value.putScalar(index, before);
      }
      double analytic = gradient == null ? 0 : gradient.getDouble(index);
      double error = Math.abs(numeric - analytic);
      // Written so that NaN is the worst of all.
      if (!(error <= worst.error)) {
        worst = new Finding(input.name, index, analytic, numeric, largest, error);
        if (Double.isNaN(error)) {
          break;
        }
      }
    }
    return worst;
  }

  private static double[] flat(INDArray array) {
    return array.reshape('c', new long[] {array.length()}).toDoubleVector();
  }

  private static double largest(INDArray gradient) {
    double largest = 0;
    for (double g : flat(gradient)) {
      largest = Math.max(largest, Math.abs(g));
    }
    return largest;
  }

  private static long[] index(long[] shape, long element) {
    long[] index = new long[shape.length];
    long rest = element;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    return index;
  }

  private record Input(String name, INDArray value, @Nullable INDArray gradient) {}

  /**
   * The worst element of one tensor.
   *
   * @param name the tensor
   * @param index where
   * @param analytic what the pullback says
   * @param numeric what central differences say
   * @param largest the largest absolute entry of the pullback's gradient of this tensor
   * @param error the absolute difference
   */
  public record Finding(
      String name, long[] index, double analytic, double numeric, double largest, double error) {
    /** The error relative to the largest entry. */
    public double relativeError() {
      return error == 0 ? 0 : error / largest;
    }

    boolean passes(double tolerance, double escape) {
      return error <= escape || error <= tolerance * largest;
    }

    private String describe(boolean passed) {
      return String.format(
          Locale.ROOT,
          "%s %s: worst at %s: pullback %.9g, differences %.9g, error %.2e, relative to the"
              + " largest entry %.2e",
          passed ? "PASS" : "FAIL",
          name,
          Arrays.toString(index),
          analytic,
          numeric,
          error,
          relativeError());
    }
  }

  /**
   * The outcome.
   *
   * @param findings the worst element of each tensor
   * @param tolerance the relative error allowed
   * @param escape the absolute error allowed
   */
  public record Report(List<Finding> findings, double tolerance, double escape) {
    /** Whether every tensor agrees. */
    public boolean passed() {
      return findings.stream().allMatch(f -> f.passes(tolerance, escape));
    }

    /** A line per tensor. */
    @Override
    public String toString() {
      return findings.stream()
          .map(f -> f.describe(f.passes(tolerance, escape)))
          .collect(Collectors.joining(System.lineSeparator()));
    }

    /** Throws an {@link AssertionError} with the whole report unless every tensor agrees. */
    public void assertPassed() {
      if (!passed()) {
        throw new AssertionError(
            String.format(
                    Locale.ROOT,
                    "gradient check: error must be at most %.1e of the largest entry or %.1e, got",
                    tolerance,
                    escape)
                + System.lineSeparator()
                + this);
      }
    }
  }
}
