package io.sequencezoo.models.combine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.attention.SoftmaxAttentionConfig;
import io.sequencezoo.models.combine.ParallelMixerConfig.Merge;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.nonlinear.LstmConfig;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Against the mixers alone, put together in plain loops. */
@Tag("double")
class ParallelMixerTest {
  private static final int WIDTH = 8;
  private static final int STEPS = 7;

  private final List<MixerConfig> mixers =
      List.of(GlaConfig.standard(), SoftmaxAttentionConfig.standard(), LstmConfig.standard());
  private final INDArray x = Nd4j.rand(DataType.DOUBLE, 2, STEPS, WIDTH).muli(2).subi(1);

  private static SequenceMixer build(MixerConfig config) {
    return config.build(MixerConfig.Place.alone(WIDTH));
  }

  private INDArray forward(SequenceMixer mixer, Parameters parameters) {
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, parameters);
    return mixer.forward(context, tape.constant(x), null).outputs().value();
  }

  @Test
  void outputs_areThoseOfTheMixersMerged() {
    for (Merge merge : Merge.values()) {
      SequenceMixer parallel = build(new ParallelMixerConfig(mixers, merge));
      Parameters parameters = Parameters.of(parallel, DataType.DOUBLE, 3);
      List<INDArray> alone = new ArrayList<>();
      for (int m = 0; m < mixers.size(); m++) {
        SequenceMixer mixer = build(mixers.get(m));
        Parameters own = Parameters.of(mixer, DataType.DOUBLE, 8);
        for (ParameterSpec spec : own.specs()) {
          own.value(spec.name()).assign(parameters.value("mixer" + m + "." + spec.name()));
        }
        alone.add(forward(mixer, own));
      }
      INDArray y = forward(parallel, parameters);
      for (int b = 0; b < 2; b++) {
        for (int t = 0; t < STEPS; t++) {
          double[] gates = gates(merge, parameters, b, t);
          for (int d = 0; d < WIDTH; d++) {
            double expected = 0;
            for (int m = 0; m < alone.size(); m++) {
              expected +=
                  merge == Merge.CONCATENATE
                      ? mapped(parameters, alone.get(m), m, b, t, d)
                      : gates[m] * alone.get(m).getDouble(b, t, d);
            }
            assertThat(y.getDouble(b, t, d)).isCloseTo(expected, within(1e-12));
          }
        }
      }
    }
  }

  private static double mapped(Parameters parameters, INDArray y, int m, int b, int t, int d) {
    double sum = 0;
    for (int i = 0; i < WIDTH; i++) {
      sum += y.getDouble(b, t, i) * parameters.value("output").getDouble(m * WIDTH + i, d);
    }
    return sum;
  }

  private double[] gates(Merge merge, Parameters parameters, int b, int t) {
    double[] gates = {1, 1, 1};
    if (merge == Merge.GATED) {
      double total = 0;
      for (int m = 0; m < gates.length; m++) {
        double logit = 0;
        for (int d = 0; d < WIDTH; d++) {
          logit += x.getDouble(b, t, d) * parameters.value("gate").getDouble(d, m);
        }
        gates[m] = Math.exp(logit);
        total += gates[m];
      }
      for (int m = 0; m < gates.length; m++) {
        gates[m] /= total;
      }
    }
    return gates;
  }

  @Test
  void whatCantBe_isRefused() {
    assertThatThrownBy(() -> ParallelMixerConfig.standard(List.of(LstmConfig.standard())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("parallel: mixers must name at least two, got [LstmConfig");
    String nested =
        "{type: parallel, mixers: [{type: parallel, mixers: [{type: lstm}, {type: gru}]}, {type:"
            + " lstm}]}";
    assertThatThrownBy(() -> Configs.read("mixer", nested, MixerConfig.class))
        .hasMessageContaining("parallel: mixers must not be parallel themselves");
    String both =
        "{type: parallel, mixers: [{type: lstm}, {type: bidirectional, mixer: {type: gru}}]}";
    MixerConfig config = Configs.read("mixer", both, MixerConfig.class);
    assertThatThrownBy(() -> build(config))
        .hasMessage("parallel: mixers must be causal, got bidirectional; use it alone");
  }
}
