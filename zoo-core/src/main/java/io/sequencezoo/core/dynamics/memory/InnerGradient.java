package io.sequencezoo.core.dynamics.memory;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork.Layer;
import io.sequencezoo.core.dynamics.memory.MemoryNetwork.Residual;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The gradients of a memory's losses with respect to its weights, by the network's own backward
 * pass in primitives, so that they can be differentiated. The gradient of a token in a layer is the
 * outer product of what went into the layer and the slope of the loss at what came out: {@code
 * ∂ℓ/∂W = x δᵀ}, {@code ∂ℓ/∂b = δ}.
 *
 * @param inputs x of every layer, {@code [B, H, J, I]}
 * @param slopes δ of every layer, {@code [B, H, J, O]}
 */
record InnerGradient(List<Variable> inputs, List<Variable> slopes) {

  /**
   * At weights that all tokens share.
   *
   * @param weights by part, {@code [B, H, I, O]}
   * @param gain of the norm, {@code [H, 1, V]}, and its offset; null without a norm
   * @param threshold {@code [B, H, J, 1]} or null
   */
  static InnerGradient of(
      Tape tape,
      MemoryRule rule,
      List<Layer> layers,
      Map<String, Variable> weights,
      Variable keys,
      Variable values,
      Variable threshold,
      Variable gain,
      Variable offset) {
    MemoryNetwork network = rule.network();
    List<Variable> inputs = new ArrayList<>();
    List<Variable> before = new ArrayList<>();
    Variable x = keys;
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      inputs.add(x);
      Variable z = forward(tape, network, layer, weights, x);
      before.add(z);
      x = i < layers.size() - 1 ? network.activation().apply(tape, z) : z;
    }
    Variable slope;
    if (network.normalises()) {
      Normalised normalised = Normalised.of(tape, x, network.eps());
      Variable recalled = Primitives.add(tape, keys, affine(tape, normalised.hat(), gain, offset));
      Variable outer = rule.bias().slope(tape, recalled, values, threshold);
      slope = normalised.pullback(tape, Primitives.multiply(tape, outer, gain));
    } else {
      slope = rule.bias().slope(tape, x, values, threshold);
    }
    List<Variable> slopes = new ArrayList<>();
    for (int i = layers.size() - 1; i >= 0; i--) {
      slopes.add(0, slope);
      if (i > 0) {
        Variable back =
            Primitives.matmul(tape, slope, weights.get(layers.get(i).weight()), false, true);
        slope = ActivationSlope.apply(tape, network.activation(), back, before.get(i - 1));
      }
    }
    return new InnerGradient(inputs, slopes);
  }

  private static Variable forward(
      Tape tape, MemoryNetwork network, Layer layer, Map<String, Variable> weights, Variable x) {
    Variable w = weights.get(layer.weight());
    Variable z =
        layer.elementwise() ? Primitives.multiply(tape, x, w) : Primitives.matmul(tape, x, w);
    return network.biased() ? Primitives.add(tape, z, weights.get(layer.bias())) : z;
  }

  private static Variable affine(Tape tape, Variable x, Variable gain, Variable offset) {
    return Primitives.add(tape, Primitives.multiply(tape, x, gain), offset);
  }

  /** What queries read: the output z, normalised and added to if the network is so. */
  static Variable recall(
      Tape tape,
      MemoryNetwork network,
      Variable queries,
      Variable z,
      Variable gain,
      Variable offset) {
    if (!network.normalises()) {
      return z;
    }
    Variable hat = Normalised.of(tape, z, network.eps()).hat();
    Variable added = network.residual() == Residual.INPUT ? queries : z;
    return Primitives.add(tape, added, affine(tape, hat, gain, offset));
  }

  /**
   * A layer norm without gain: {@code hat = (z - mean) / √(var + eps)}.
   *
   * @param inverse {@code 1/√(var + eps)}, {@code [..., 1]}
   */
  private record Normalised(Variable hat, Variable inverse) {
    static Normalised of(Tape tape, Variable z, double eps) {
      Variable[] normalised = RowNorm.normalise(tape, z, eps);
      return new Normalised(normalised[0], normalised[1]);
    }

    /** {@code (g - mean(g) - hat mean(g hat)) / √(var + eps)}. */
    Variable pullback(Tape tape, Variable g) {
      return RowNorm.pullback(tape, g, hat, inverse);
    }
  }
}
