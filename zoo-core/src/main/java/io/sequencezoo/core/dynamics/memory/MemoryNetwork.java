package io.sequencezoo.core.dynamics.memory;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;

/**
 * The small network whose weights are the memory: from keys of K numbers to values of V.
 *
 * <pre>{@code
 * vector    z = k ⊙ w
 * linear    z = k W + b
 * MLP       z = f(... f(k W_1 + b_1) ...) W_n + b_n      hidden layers of E K numbers
 * M(k) = z, or with a residual k + LN(z)                 LN per head, its gain and offset given
 * }</pre>
 *
 * @param form vector, linear or MLP
 * @param depth n, layers of an MLP, at least 2; 1 for others
 * @param expansion E of an MLP; 1 for others
 * @param activation f of an MLP
 * @param biased whether there are b
 * @param residual what is added to the normalised output
 * @param eps of the norm, under the root
 */
public record MemoryNetwork(
    Form form,
    int depth,
    int expansion,
    InnerActivation activation,
    boolean biased,
    Residual residual,
    double eps) {
  /** Layers, and expansions, beyond which sizes might not be numbers any more. */
  private static final int MOST = 64;

  /** What kind of network. */
  public enum Form {
    /** One number per channel. */
    @JsonProperty("vector")
    VECTOR,
    /** One matrix. */
    @JsonProperty("linear")
    LINEAR,
    /** Several matrices and activations between them. */
    @JsonProperty("mlp")
    MLP
  }

  /** What is added to the layer norm of the output. */
  public enum Residual {
    /** Nothing, and no norm. */
    @JsonProperty("none")
    NONE,
    /** The input. */
    @JsonProperty("input")
    INPUT,
    /**
     * The input where keys are learned, the output itself where queries read: {@code z + LN(z)}, a
     * convention of the flash-linear-attention library's TTT.
     */
    @JsonProperty("recall")
    RECALL
  }

  /** Checks the combination. */
  public MemoryNetwork {
    checkArgument(
        form == Form.MLP ? depth >= 2 && depth <= MOST : depth == 1,
        "memory: depth must be from 2 to %s for an MLP and 1 for others, got %s of %s",
        MOST,
        depth,
        form);
    checkArgument(
        form == Form.MLP ? expansion >= 1 && expansion <= MOST : expansion == 1,
        "memory: expansion must be from 1 to %s for an MLP and 1 for others, got %s of %s",
        MOST,
        expansion,
        form);
    checkArgument(
        !biased || form != Form.VECTOR, "memory: a vector has no bias, got biased; use linear");
    checkArgument(eps > 0, "memory: eps must be positive, got %s", eps);
  }

  private static final double EPS = 1e-6;

  /** One matrix. */
  static MemoryNetwork standard() {
    return linear();
  }

  /** An MLP has two layers and four times as many hidden numbers as keys have. */
  static MemoryNetwork standard(Form form) {
    return form == Form.MLP ? mlp(2, 4) : form == Form.VECTOR ? vector() : linear();
  }

  /** One number per channel. */
  public static MemoryNetwork vector() {
    return new MemoryNetwork(Form.VECTOR, 1, 1, InnerActivation.GELU, false, Residual.NONE, EPS);
  }

  /** One matrix. */
  public static MemoryNetwork linear() {
    return new MemoryNetwork(Form.LINEAR, 1, 1, InnerActivation.GELU, false, Residual.NONE, EPS);
  }

  /** Several matrices with GELU between them. */
  public static MemoryNetwork mlp(int depth, int expansion) {
    return new MemoryNetwork(
        Form.MLP, depth, expansion, InnerActivation.GELU, false, Residual.NONE, EPS);
  }

  /** The same with biases. */
  public MemoryNetwork withBias() {
    return new MemoryNetwork(form, depth, expansion, activation, true, residual, eps);
  }

  /** The same with a norm and what is added to it. */
  public MemoryNetwork withResidual(Residual added) {
    return new MemoryNetwork(form, depth, expansion, activation, biased, added, eps);
  }

  /** Whether the output is normalised. */
  public boolean normalises() {
    return residual != Residual.NONE;
  }

  /** Checks that sizes of keys and values fit. */
  void check(String subject, int keys, int values) {
    checkArgument(
        keys == values || (form != Form.VECTOR && residual == Residual.NONE),
        "%s: a vector or residual memory needs as many keys as values, got K=%s and V=%s",
        subject,
        keys,
        values);
  }

  /** The layers in order. */
  public List<Layer> layers(int keys, int values) {
    if (form == Form.VECTOR) {
      return List.of(new Layer("W", "b", 1, keys, true));
    }
    List<Layer> layers = new ArrayList<>();
    for (int i = 1; i <= depth; i++) {
      String suffix = depth == 1 ? "" : String.valueOf(i);
      layers.add(
          new Layer(
              "W" + suffix,
              "b" + suffix,
              i == 1 ? keys : expansion * keys,
              i == depth ? values : expansion * keys,
              false));
    }
    return layers;
  }

  /** The trained parts and their sizes {@code [I, O]}, in the order of the layers. */
  public List<Part> parts(int keys, int values) {
    List<Part> parts = new ArrayList<>();
    for (Layer layer : layers(keys, values)) {
      parts.add(new Part(layer.weight(), layer.in(), layer.out()));
      if (biased) {
        parts.add(new Part(layer.bias(), 1, layer.out()));
      }
    }
    return parts;
  }

  /**
   * One layer.
   *
   * @param weight the name of its matrix
   * @param bias the name of its bias
   * @param in I; 1 for a vector
   * @param out O
   * @param elementwise whether the weights multiply channel by channel
   */
  public record Layer(String weight, String bias, int in, int out, boolean elementwise) {}

  /**
   * What is trained: a matrix {@code [I, O]}.
   *
   * @param name in the state
   * @param in I; 1 for vectors and biases
   * @param out O
   */
  public record Part(String name, int in, int out) {}
}
