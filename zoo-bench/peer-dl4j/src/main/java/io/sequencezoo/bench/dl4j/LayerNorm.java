package io.sequencezoo.bench.dl4j;

import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.samediff.SDLayerParams;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLayer;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Layer normalisation over the channels of {@code [B, D, T]}. Deeplearning4j has it within its
 * dense and recurrent layers only, after their product, so that a pre-norm block needs one of its
 * SameDiff layers.
 */
final class LayerNorm extends SameDiffLayer {
  private static final long serialVersionUID = 1;

  private final int width;

  LayerNorm(int width) {
    this.width = width;
  }

  @Override
  public SDVariable defineLayer(
      SameDiff graph, SDVariable x, Map<String, SDVariable> parameters, SDVariable mask) {
    return graph.nn.layerNorm(x, parameters.get("gain"), parameters.get("bias"), true, 1);
  }

  @Override
  public void defineParameters(SDLayerParams parameters) {
    parameters.addWeightParam("gain", width);
    parameters.addBiasParam("bias", width);
  }

  @Override
  public void initializeParameters(Map<String, INDArray> parameters) {
    parameters.get("gain").assign(1);
    parameters.get("bias").assign(0);
  }

  @Override
  public InputType getOutputType(int index, InputType input) {
    return input;
  }
}
