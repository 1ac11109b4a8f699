package io.sequencezoo.train;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Finds where a number that isn't finite came from. Runs only once something has gone wrong. */
final class NanGuard {
  private NanGuard() {}

  /**
   * Where a loss became non-finite: a parameter, if one is itself; else the first operation on the
   * tape whose output is, by the parameters that it reads or that were read last before it.
   */
  static String source(Tape tape, Parameters parameters) {
    List<String> broken = nonFinite(parameters, false);
    if (!broken.isEmpty()) {
      return "parameter " + broken.get(0);
    }
    IdentityHashMap<INDArray, String> names = new IdentityHashMap<>();
    for (ParameterSpec spec : parameters.specs()) {
      names.put(parameters.value(spec.name()), spec.name());
    }
    String last = "the first layer";
    int index = 0;
    for (Tape.Operation operation : tape.operations()) {
      index++;
      List<String> read = new ArrayList<>();
      for (Variable input : operation.inputs()) {
        String name = names.get(input.value());
        if (name != null) {
          read.add(name);
        }
      }
      last = read.isEmpty() ? last : String.join(", ", read);
      for (Variable output : operation.outputs()) {
        if (!isFinite(output.value())) {
          return String.format(
              "operation %d, output %s, %s %s",
              index, Arrays.toString(output.shape()), read.isEmpty() ? "after" : "with", last);
        }
      }
    }
    return "the loss itself, after " + last;
  }

  /**
   * Which gradient became non-finite first on the way back: the last declared one, since layers are
   * declared from input to output.
   */
  static String gradientSource(Parameters parameters) {
    List<String> broken = nonFinite(parameters, true);
    String name = broken.get(broken.size() - 1);
    return broken.size() == 1
        ? "gradient of " + name
        : "gradient of " + name + " and of " + (broken.size() - 1) + " parameters before it";
  }

  private static List<String> nonFinite(Parameters parameters, boolean gradients) {
    List<String> names = new ArrayList<>();
    for (ParameterSpec spec : parameters.specs()) {
      String name = spec.name();
      INDArray array = gradients ? parameters.gradient(name) : parameters.value(name);
      if (spec.length() > 0 && array != null && !isFinite(array)) {
        names.add(name);
      }
    }
    return names;
  }

  private static boolean isFinite(INDArray array) {
    if (!array.dataType().isFPType() || array.isEmpty()) {
      return true;
    }
    for (long i = 0; i < array.length(); i++) {
      if (!Double.isFinite(array.getDouble(i))) {
        return false;
      }
    }
    return true;
  }
}
