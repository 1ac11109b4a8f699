package io.sequencezoo.eval.conformance;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.attention.GatedConvolutionRecurrence;
import io.sequencezoo.core.op.ShortConvolution;
import io.sequencezoo.models.conv.HyenaFilter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Long convolutions of the reference vectors. */
final class ConvolutionOperators {
  private ConvolutionOperators() {}

  static Map<String, Operator> all() {
    Map<String, Operator> all = new TreeMap<>();
    all.put("hyena", ConvolutionOperators::hyena);
    all.put("hyena_filter", ConvolutionOperators::hyenaFilter);
    return all;
  }

  private static Map<String, Variable> hyena(Tape tape, Case c, Inputs in) {
    int order = (int) c.number("order");
    Variable u = in.get("input.u");
    Variable s =
        ShortConvolution.apply(
            tape,
            u,
            in.get("parameter.short.weight"),
            in.get("parameter.short.bias"),
            null,
            null,
            null)[0];
    long width = u.size(2) / (order + 1);
    Variable[] split = Primitives.split(tape, s, 2, order * width, width);
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(
        GatedConvolutionRecurrence.GATES,
        Primitives.reshape(tape, split[0], u.size(0), u.size(1), order, width));
    coefficients.put(GatedConvolutionRecurrence.VALUE, split[1]);
    coefficients.put(GatedConvolutionRecurrence.FILTER, in.get("parameter.filter"));
    coefficients.put(GatedConvolutionRecurrence.BIAS, in.get("parameter.bias"));
    Evolution evolution =
        new GatedConvolutionRecurrence().evolve(tape, Solver.AUTO, coefficients, null, null);
    return Map.of(
        "output.y", Primitives.reshape(tape, evolution.outputs(), u.size(0), u.size(1), width));
  }

  private static Map<String, Variable> hyenaFilter(Tape tape, Case c, Inputs in) {
    List<HyenaFilter.Layer> layers = new ArrayList<>();
    while (in.optional("parameter.layer" + layers.size() + ".weight") != null) {
      String layer = "parameter.layer" + layers.size();
      layers.add(
          new HyenaFilter.Layer(
              transposed(tape, in.get(layer + ".weight")), in.get(layer + ".bias")));
    }
    return Map.of(
        "output.k",
        HyenaFilter.apply(
            tape,
            in.get("input.z"),
            in.get("input.t"),
            layers,
            in.get("parameter.freq"),
            transposed(tape, in.get("parameter.out.weight")),
            in.get("parameter.deltas"),
            c.number("shift")));
  }

  private static Variable transposed(Tape tape, Variable weight) {
    return Primitives.permute(tape, weight, 1, 0);
  }
}
