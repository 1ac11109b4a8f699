package io.sequencezoo.dl4j;

import com.google.common.hash.Hashing;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The parameters of a {@link MixerLayer} as row-major views of DL4J's flat vectors in the order in
 * which the mixer declares them, under its names with hyphens for underscores.
 */
final class MixerParameters implements ParamInitializer {
  private final int layer;

  /** For the layer of this index, which makes the seed differ from layer to layer. */
  MixerParameters(int layer) {
    this.layer = layer;
  }

  @Override
  public long numParams(NeuralNetConfiguration conf) {
    return numParams(conf.getLayer());
  }

  @Override
  public long numParams(Layer conf) {
    return specs(conf).stream().mapToLong(ParameterSpec::length).sum();
  }

  @Override
  public List<String> paramKeys(Layer conf) {
    return specs(conf).stream().map(MixerParameters::key).toList();
  }

  @Override
  public List<String> weightKeys(Layer conf) {
    return specs(conf).stream().filter(ParameterSpec::decayed).map(MixerParameters::key).toList();
  }

  @Override
  public List<String> biasKeys(Layer conf) {
    return specs(conf).stream().filter(spec -> !spec.decayed()).map(MixerParameters::key).toList();
  }

  @Override
  public boolean isWeightParam(Layer conf, String key) {
    return weightKeys(conf).contains(key);
  }

  @Override
  public boolean isBiasParam(Layer conf, String key) {
    return biasKeys(conf).contains(key);
  }

  @Override
  public Map<String, INDArray> init(
      NeuralNetConfiguration conf, INDArray values, boolean initialise) {
    Parameters parameters = over(conf, values);
    if (initialise) {
      parameters.initialise(
          Hashing.murmur3_128().newHasher().putLong(conf.getSeed()).putInt(layer).hash().asLong());
    }
    parameters.specs().forEach(spec -> conf.addVariable(key(spec)));
    return views(parameters, parameters::value);
  }

  @Override
  public Map<String, INDArray> getGradientsFromFlattened(
      NeuralNetConfiguration conf, INDArray gradients) {
    Parameters parameters = over(conf, gradients);
    return views(parameters, parameters::value);
  }

  private static Map<String, INDArray> views(
      Parameters parameters, Function<String, INDArray> view) {
    Map<String, INDArray> views = new LinkedHashMap<>();
    parameters.specs().forEach(spec -> views.put(key(spec), view.apply(spec.name())));
    return views;
  }

  private static Parameters over(NeuralNetConfiguration conf, INDArray values) {
    return Parameters.over(((MixerLayer) conf.getLayer()).build(), vector(values), null);
  }

  /**
   * The name without underscores: DL4J's updater takes what is before the last one for the layer.
   */
  private static String key(ParameterSpec spec) {
    return spec.name().replace('_', '-');
  }

  /** DL4J's vectors are {@code [1, n]} or {@code [n]}; the view is {@code [n]}. */
  static INDArray vector(INDArray flat) {
    return flat.reshape('c', new long[] {flat.length()});
  }

  private static List<ParameterSpec> specs(Layer conf) {
    Declaration declaration = new Declaration();
    ((MixerLayer) conf).build().declare(declaration);
    return declaration.specs();
  }
}
