package io.sequencezoo.models.pretrained;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.TensorInfo;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.nonlinear.ElmanConfig;
import io.sequencezoo.models.nonlinear.GruConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import io.sequencezoo.models.nonlinear.StackedConfig;
import java.util.Arrays;
import java.util.Map;

/**
 * The tables of {@code torch.nn.LSTM}, {@code GRU} and {@code RNN}: layers of as many units as they
 * have inputs, in one direction, with biases. Their gates lie in the zoo's order; of the two biases
 * of a gate the zoo has the sum.
 */
final class RecurrentLayouts {
  private static final String FIRST_INPUT = "weight_ih_l0";
  private static final String FIRST_STATE = "weight_hh_l0";

  private RecurrentLayouts() {}

  private static Layout.Table cell(String name) {
    return Layout.table(name, "torch.nn." + name)
        .linear("weight_ih_l{l}", "mixer{l}.input")
        .linear("weight_hh_l{l}", "mixer{l}.recurrent")
        .tensor("bias_ih_l{l}", Form.addend(true), "mixer{l}.bias");
  }

  /**
   * A layout of recurrent layers and what it describes.
   *
   * @param layout the table
   * @param mixer the layers
   * @param width their inputs
   */
  record Layers(Layout layout, MixerConfig mixer, int width) {}

  /**
   * Tells the layers by the shapes of their weights.
   *
   * @param prefix what names of tensors begin with
   * @param activation of a simple network, which its weights don't say
   */
  static Layers of(TensorFiles files, String prefix, ElmanConfig.Activation activation) {
    Map<String, TensorInfo> tensors = files.tensors();
    TensorInfo input = tensors.get(prefix + FIRST_INPUT);
    TensorInfo state = tensors.get(prefix + FIRST_STATE);
    checkArgument(
        input != null && state != null && input.shape().length == 2 && state.shape().length == 2,
        "%s: must hold recurrent layers with %s and %s, got %s tensors without; give their prefix",
        files.source(),
        prefix + FIRST_INPUT,
        prefix + FIRST_STATE,
        tensors.size());
    int units = (int) state.shape()[1];
    checkArgument(
        input.shape()[1] == units,
        "%s: recurrent layers must have as many units as inputs, got %s and %s",
        files.source(),
        units,
        input.shape()[1]);
    long gates = units == 0 ? 0 : state.shape()[0] / units;
    int layers = 0;
    while (tensors.containsKey(prefix + "weight_ih_l" + layers)) {
      layers++;
    }
    if (gates == 4) {
      return layers("LSTM", false, LstmConfig.standard(), layers, prefix, units);
    }
    if (gates == 3) {
      return layers("GRU", true, GruConfig.standard(), layers, prefix, units);
    }
    checkArgument(
        gates == 1,
        "%s: %s must have rows for 4 gates (LSTM), 3 (GRU) or 1 (RNN), got shape %s",
        files.source(),
        prefix + FIRST_STATE,
        Arrays.toString(state.shape()));
    MixerConfig elman = Configs.with(ElmanConfig.standard(), "activation", activation);
    return layers("RNN", false, elman, layers, prefix, units);
  }

  private static Layers layers(
      String name, boolean resets, MixerConfig cell, int count, String prefix, int width) {
    Layout.Table table = cell(name).optionalPrefix(prefix);
    if (resets) {
      table.tensor("bias_hh_l{l}", Form.ADDEND_THEN_REST, "mixer{l}.bias", "mixer{l}.innerBias");
    } else {
      table.tensor("bias_hh_l{l}", Form.addend(false), "mixer{l}.bias");
    }
    Layout layout =
        table.reads(
            config -> {
              throw new IllegalArgumentException("recurrent layers: have no configuration");
            });
    return new Layers(layout, StackedConfig.of(count, cell), width);
  }
}
