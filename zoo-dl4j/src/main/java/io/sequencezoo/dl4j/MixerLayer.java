package io.sequencezoo.dl4j;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * A Deeplearning4j layer that is a sequence mixer of the zoo, from {@code [B, D, T]} to {@code [B,
 * D, T]} (or {@code [B, T, D]} both, by the network's {@code RNNFormat}).
 *
 * <pre>{@code
 * new NeuralNetConfiguration.Builder().seed(1).updater(new Adam(1e-3)).list()
 *     .layer(new MixerLayer.Builder().mixer("{type: gla, heads: 4}").build())
 *     .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT).nOut(10).build())
 *     .setInputType(InputType.recurrent(64))
 *     .build();
 * }</pre>
 *
 * <p>The mixer alone: no norm, residual or channel mixer around it. Its own initialisers draw the
 * weights, from the network's seed and the layer's index; DL4J's {@code activation}, {@code
 * weightInit} and {@code biasInit} have no effect. Regularisation, updater and constraints for
 * weights apply to parameters that the mixer declares as decayed, those for biases to the others.
 *
 * <p>A feature mask must be one run of ones per row; outputs and gradients at padding are zero, and
 * so is a row that is all padding. In DL4J's {@code Bidirectional} the backward copy reads each
 * row's tokens from the last to the first, without padding; DL4J's own LSTM doesn't: there it reads
 * the padding first.
 *
 * <p>A regulariser that DL4J applies twice to a layer, once by the network's builder and once by
 * the layer's validation, is applied once here.
 *
 * <p>What DL4J does whatever the layers: {@code init()} of a network reseeds ND4J's global random
 * generator; {@code score()} after truncated backpropagation is that of the last segment, which is
 * zero where that is all padding; {@code summary()} names the Java class {@code Mixer}, so give the
 * layer a name where the mixers differ.
 *
 * <p>The mixer's description is carried as the strict JSON of {@link Configs} in DL4J's own JSON.
 */
public final class MixerLayer extends BaseRecurrentLayer {
  @JsonProperty private @Nullable String mixer;

  /** For DL4J's JSON alone; use {@link Builder}. */
  public MixerLayer() {}

  private MixerLayer(Builder builder) {
    super(builder);
    checkArgument(
        builder.mixer != null, "mixer layer: mixer must be set; call mixer(\"{type: gla}\")");
    this.mixer = Configs.json().valueToTree(builder.mixer).toString();
    if (nOut == 0) {
      nOut = nIn;
    }
    initializeConstraints(builder);
  }

  /** What the mixer is. */
  public MixerConfig mixer() {
    checkState(mixer != null, "mixer layer %s: mixer must be set, got none", getLayerName());
    return Configs.read("mixer layer " + getLayerName(), mixer, MixerConfig.class);
  }

  /** The mixer at this layer's width. */
  SequenceMixer build() {
    checkArgument(
        nIn > 0 && nIn == nOut,
        "mixer layer %s: nOut must equal nIn, got nIn=%s and nOut=%s; leave out nOut",
        getLayerName(),
        nIn,
        nOut);
    return mixer().build(MixerConfig.Place.alone(Math.toIntExact(nIn)));
  }

  @Override
  public void setNIn(InputType inputType, boolean override) {
    super.setNIn(inputType, override);
    if (nOut == 0) {
      nOut = nIn;
    }
  }

  /** DL4J (1.0.0-M2.1) hands a network-wide weight decay to every layer twice. */
  @Override
  public @Nullable List<Regularization> getRegularizationByParam(String parameter) {
    List<Regularization> all = super.getRegularizationByParam(parameter);
    return all == null ? null : all.stream().distinct().toList();
  }

  @Override
  public Layer instantiate(
      NeuralNetConfiguration conf,
      Collection<TrainingListener> listeners,
      int index,
      INDArray values,
      boolean initialise,
      DataType type) {
    checkArgument(
        type == DataType.FLOAT || type == DataType.DOUBLE,
        "mixer layer %s: data type must be FLOAT or DOUBLE, got %s",
        getLayerName(),
        type);
    checkArgument(
        getWeightNoise() == null,
        "mixer layer %s: weight noise must be absent, got %s; use the mixer's dropout",
        getLayerName(),
        getWeightNoise());
    Mixer layer = new Mixer(conf, type, build());
    layer.setListeners(listeners);
    layer.setIndex(index);
    layer.setParamsViewArray(values);
    layer.setParamTable(new MixerParameters(index).init(conf, values, initialise));
    layer.setConf(conf);
    return layer;
  }

  @Override
  public ParamInitializer initializer() {
    return new MixerParameters(0);
  }

  @Override
  public LayerMemoryReport getMemoryReport(InputType inputType) {
    InputType output = getOutputType(-1, inputType);
    long parameters = initializer().numParams(this);
    // Working memory is the tape's, which knows its size only after the first step.
    return new LayerMemoryReport.Builder(getLayerName(), MixerLayer.class, inputType, output)
        .standardMemory(parameters, getIUpdater().stateSize(parameters))
        .workingMemory(0, 0, 0, 0)
        .cacheMemory(0, 0)
        .build();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MixerLayer that
        && super.equals(that)
        && Objects.equals(mixer, that.mixer);
  }

  @Override
  protected boolean canEqual(Object other) {
    return other instanceof MixerLayer;
  }

  @Override
  public int hashCode() {
    return 31 * super.hashCode() + Objects.hashCode(mixer);
  }

  @Override
  public String toString() {
    return "MixerLayer(" + mixer + ", nIn=" + nIn + ", nOut=" + nOut + ")";
  }

  /** Builds a {@link MixerLayer}. */
  // DL4J declares <E extends Layer> E build(), which no concrete result type overrides cleanly.
  @SuppressWarnings("unchecked")
  public static final class Builder extends BaseRecurrentLayer.Builder<Builder> {
    private @Nullable MixerConfig mixer;

    /** Which mixer. */
    public Builder mixer(MixerConfig config) {
      this.mixer = config;
      return this;
    }

    /** Which mixer, as YAML or JSON such as {@code {type: gla, heads: 4}}. */
    public Builder mixer(String text) {
      return mixer(Configs.read("mixer", text, MixerConfig.class));
    }

    /** The layer; its width comes from {@code nIn} or the network's input type. */
    @Override
    public MixerLayer build() {
      return new MixerLayer(this);
    }
  }
}
