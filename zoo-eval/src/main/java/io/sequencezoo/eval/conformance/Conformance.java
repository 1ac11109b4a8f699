package io.sequencezoo.eval.conformance;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.io.SafetensorsReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Runs every conformance file of a folder: from the inputs alone, outputs, final states and the
 * gradients under the stored cotangents must come out, in both precisions.
 */
public final class Conformance {
  /** A recurrence evaluated directly in double agrees to about 1e-12; chunking costs two digits. */
  public static final double DOUBLE_TOLERANCE = 1e-9;

  /** Float has 24 bits; sums over 64 steps and the worst conditioned gradient cost three digits. */
  public static final double FLOAT_TOLERANCE = 1e-4;

  /** A gradient this much smaller than the largest of its case is the rounding of a zero. */
  private static final double ROUNDING = 1e-13;

  private static final String SUFFIX = ".safetensors";

  private Conformance() {}

  /**
   * Counts of one run.
   *
   * @param passed cases within tolerance in both precisions
   * @param failed cases outside, and files that can't be read
   * @param unknown cases of operators that don't exist here
   */
  public record Summary(int passed, int failed, int unknown) {}

  /**
   * Runs every file of the folder in order of name, a line per case on {@code out}, reasons of
   * failures on {@code err}.
   *
   * @throws IllegalArgumentException where the folder has no such file
   */
  public static Summary run(Path folder, PrintWriter out, PrintWriter err) throws IOException {
    checkArgument(Files.isDirectory(folder), "conformance: must be a folder, got %s", folder);
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files = entries.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList();
    }
    checkArgument(!files.isEmpty(), "conformance: %s must hold *%s files", folder, SUFFIX);
    int passed = 0;
    int failed = 0;
    int unknown = 0;
    for (Path file : files) {
      Case conformanceCase;
      try {
        conformanceCase = read(file);
      } catch (IllegalArgumentException | IOException e) {
        failed++;
        String name = file.getFileName().toString();
        out.println(line("FAIL", name.substring(0, name.length() - SUFFIX.length()), null, null));
        err.println(e.getMessage());
        continue;
      }
      String name = conformanceCase.operator() + "." + conformanceCase.name();
      Operator operator = Operators.get(conformanceCase.operator());
      if (operator == null) {
        unknown++;
        out.println(line("UNKNOWN", name, null, null));
        continue;
      }
      Double exact = largestError(operator, conformanceCase, DataType.DOUBLE, err);
      Double single = largestError(operator, conformanceCase, DataType.FLOAT, err);
      boolean pass =
          exact != null && exact <= DOUBLE_TOLERANCE && single != null && single <= FLOAT_TOLERANCE;
      passed += pass ? 1 : 0;
      failed += pass ? 0 : 1;
      out.println(line(pass ? "PASS" : "FAIL", name, exact, single));
    }
    out.println(
        "conformance: " + passed + " passed, " + failed + " failed, " + unknown + " unknown");
    return new Summary(passed, failed, unknown);
  }

  private static String line(
      String verdict, String name, @Nullable Double exact, @Nullable Double single) {
    return verdict + " " + name + " double=" + text(exact) + " float=" + text(single);
  }

  private static String text(@Nullable Double error) {
    return error == null ? "-" : String.format(Locale.ROOT, "%.2e", error);
  }

  private static Case read(Path file) throws IOException {
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      return Case.of(file.getFileName().toString(), reader.metadata(), reader.readAll());
    }
  }

  /** The largest error relative to each tensor's largest entry, or null where evaluation failed. */
  private static @Nullable Double largestError(
      Operator operator, Case conformanceCase, DataType type, PrintWriter err) {
    try {
      return new Evaluation(operator, conformanceCase, type).largestError();
    } catch (IllegalArgumentException e) {
      err.println(
          conformanceCase.operator() + "." + conformanceCase.name() + ": " + e.getMessage());
      return null;
    }
  }

  /** One case in one precision. */
  private static final class Evaluation {
    private final Case file;
    private final Tape tape = Tape.detached();
    private final Inputs inputs = new Inputs();
    private final Map<String, Variable> outputs;

    Evaluation(Operator operator, Case file, DataType type) {
      this.file = file;
      file.tensors()
          .forEach(
              (name, tensor) -> {
                if (name.startsWith("input.")
                    || name.startsWith("parameter.")
                    || name.startsWith("state.initial.")) {
                  inputs.put(
                      name,
                      tensor.dataType().isFPType()
                          ? tape.variable(tensor.castTo(type))
                          : tape.constant(tensor));
                }
              });
      this.outputs = operator.evaluate(tape, file, inputs);
      List<Variable> roots = new ArrayList<>();
      List<INDArray> cotangents = new ArrayList<>();
      outputs.forEach(
          (name, value) -> {
            INDArray cotangent = file.tensors().get("cotangent." + name);
            if (cotangent != null) {
              checkShape("cotangent." + name, cotangent, value.shape());
              roots.add(value);
              cotangents.add(cotangent.castTo(type).reshape(value.shape()));
            }
          });
      tape.backward(roots, cotangents);
    }

    double largestError() {
      double worst = 0;
      int judged = 0;
      for (Map.Entry<String, INDArray> tensor : file.tensors().entrySet()) {
        String name = tensor.getKey();
        if (name.startsWith("output.") || name.startsWith("state.final.")) {
          Variable value = outputs.get(name);
          checkArgument(value != null, "operator gives no %s", name);
          worst = Math.max(worst, error(name, value.value(), tensor.getValue(), 0));
          judged++;
        } else if (name.startsWith("gradient.")) {
          Variable input = inputs.get(name.substring("gradient.".length()));
          INDArray gradient = input.gradient();
          INDArray actual = gradient == null ? tensor.getValue().mul(0) : gradient;
          double zero = ROUNDING * largestGradient();
          worst = Math.max(worst, error(name, actual, tensor.getValue(), zero));
          judged++;
        }
      }
      checkArgument(
          judged > 0,
          "case must have an output, a final state or a gradient to judge by, it has %s",
          file.tensors().keySet());
      return worst;
    }

    /** The largest entry of all gradients and cotangents of the case. */
    private double largestGradient() {
      double largest = 0;
      for (Map.Entry<String, INDArray> tensor : file.tensors().entrySet()) {
        if (tensor.getKey().startsWith("gradient.") || tensor.getKey().startsWith("cotangent.")) {
          for (double x : numbers(tensor.getValue())) {
            largest = Math.max(largest, Math.abs(x));
          }
        }
      }
      return largest;
    }

    /** The same sizes, up to axes of size one. */
    private static void checkShape(String name, INDArray tensor, long[] shape) {
      checkArgument(
          Arrays.equals(withoutOnes(tensor.shape()), withoutOnes(shape)),
          "%s must have shape %s, got %s",
          name,
          Arrays.toString(shape),
          Arrays.toString(tensor.shape()));
    }

    private static long[] withoutOnes(long[] shape) {
      return Arrays.stream(shape).filter(size -> size != 1).toArray();
    }

    private static double[] numbers(INDArray array) {
      return array.castTo(DataType.DOUBLE).dup('c').data().asDouble();
    }

    /**
     * The largest difference relative to the largest expected entry; absolute where that is at most
     * {@code zero}, a reference's rounding of what is zero by theory.
     */
    private static double error(String name, INDArray actual, INDArray expected, double zero) {
      checkShape(name, actual, expected.shape());
      double[] a = numbers(actual);
      double[] e = numbers(expected);
      double largest = 0;
      double difference = 0;
      for (int i = 0; i < e.length; i++) {
        largest = Math.max(largest, Math.abs(e[i]));
        double d = Math.abs(a[i] - e[i]);
        difference = Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(difference, d);
      }
      return largest <= zero ? difference : difference / largest;
    }
  }
}
