package io.sequencezoo.models.matrix;

import static io.sequencezoo.models.matrix.LayerOracle.convolved;
import static io.sequencezoo.models.matrix.LayerOracle.normalise;
import static io.sequencezoo.models.matrix.LayerOracle.sigmoid;
import static io.sequencezoo.models.matrix.LayerOracle.silu;
import static io.sequencezoo.models.matrix.LayerOracle.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.matrix.LightNetConfig.GatePlace;
import io.sequencezoo.models.matrix.LightNetConfig.Norm;
import io.sequencezoo.models.matrix.LightNetConfig.Start;
import io.sequencezoo.models.matrix.LightNetConfig.Toeplitz;
import io.sequencezoo.models.position.RelativeEncoding;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class LightNetTest {
  private static final int WIDTH = 8;
  private static final int HEADS = 2;
  private static final int VALUES = WIDTH / HEADS;

  /** Grids that 19 steps fit into: a line, an image and a video. */
  private static final List<List<Integer>> GRIDS =
      List.of(List.of(), List.of(5, 4), List.of(5, 2, 2));

  /** As closed forms: weights over time by exponentials, distances by powers. */
  private static double[][] oracle(double[][] given, Parameters p, LightNetConfig config) {
    double[][] x = config.toeplitz() == Toeplitz.NONE ? given : encoded(given, p, config);
    int span = config.shortConvolution();
    double[][] q = convolved(x, p, "q", span);
    double[][] k = convolved(x, p, "k", span);
    double[][] v = convolved(x, p, "v", span);
    int keys = q[0].length / HEADS;
    double[][] y = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] read = new double[WIDTH];
      int end = config.bidirectional() ? x.length : t + 1;
      for (int h = 0; h < HEADS; h++) {
        for (int s = 0; s < end; s++) {
          double[] query = new double[keys];
          double[] key = new double[keys];
          for (int d = 0; d < keys; d++) {
            double below = config.start() == Start.ONE ? 1 : 0;
            for (int r = 0; r < end; r++) {
              below += Math.exp(k[r][h * keys + d]);
            }
            query[d] = silu(q[t][h * keys + d]);
            key[d] = Math.exp(k[s][h * keys + d]) / below;
          }
          double product = product(query, key, t, s, config) / Math.sqrt(keys);
          for (int e = 0; e < VALUES; e++) {
            read[h * VALUES + e] += product * v[s][h * VALUES + e];
          }
        }
      }
      y[t] = times(gated(read, x[t], p, config), p, "output");
    }
    return y;
  }

  private static int[] coordinates(int position, List<Integer> axes) {
    int[] c = new int[Math.max(1, axes.size())];
    for (int a = c.length - 1; a > 0; a--) {
      c[a] = position % axes.get(a);
      position /= axes.get(a);
    }
    c[0] = position;
    return c;
  }

  /** The product that relative encodings give: features turn by the difference of coordinates. */
  private static double product(double[] q, double[] k, int t, int s, LightNetConfig config) {
    RelativeEncoding encoding = config.relative();
    List<Integer> axes = encoding == RelativeEncoding.NONE ? List.of() : config.axes();
    int[] ct = coordinates(t, axes);
    int[] cs = coordinates(s, axes);
    int w = q.length / ct.length;
    double sum = 0;
    for (int a = 0; a < ct.length; a++) {
      int distance = ct[a] - cs[a];
      for (int j = 0; j < w; j++) {
        int i = a * w + j;
        if (encoding == RelativeEncoding.NONE) {
          sum += q[i] * k[i];
        } else if (encoding.name().startsWith("COSINE")) {
          boolean zero =
              (encoding == RelativeEncoding.COSINE_LOW && j < w / 2)
                  || (encoding == RelativeEncoding.COSINE_HIGH && j >= w / 2);
          double angle = zero ? 0 : distance * Math.pow(10000, -2.0 * j / w);
          sum += q[i] * k[i] * Math.cos(angle);
        } else if (j < w / 2) {
          boolean zero =
              (encoding == RelativeEncoding.ROTATE_LOW && j < w / 4)
                  || (encoding == RelativeEncoding.ROTATE_HIGH && j >= w / 4);
          double angle = zero ? 0 : distance * Math.pow(10000, -2.0 * j / w);
          int b = i + w / 2;
          sum += (q[i] * k[i] + q[b] * k[b]) * Math.cos(angle);
          sum += (q[i] * k[b] - q[b] * k[i]) * Math.sin(angle);
        }
      }
    }
    return sum;
  }

  private static double[][] encoded(double[][] x, Parameters p, LightNetConfig config) {
    int rank = Math.max(1, config.axes().size());
    double[][] sum = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      sum[t] = x[t].clone();
      for (int a = 0; a < rank; a++) {
        double[] e = new double[WIDTH];
        for (int s = 0; s < x.length; s++) {
          int distance = distanceAlong(a, t, s, config);
          for (int i = 0; i < WIDTH && distance >= 0; i++) {
            int h = i / VALUES;
            double gamma = sigmoid(p.value("toeplitz." + a + ".decay").getDouble(h));
            double product = 0;
            for (int d = 0; d < VALUES; d++) {
              product +=
                  p.value("toeplitz." + a + ".q").getDouble(h, 0, d)
                      * p.value("toeplitz." + a + ".k").getDouble(h, 0, d);
            }
            e[i] += product * Math.pow(gamma, distance) * x[s][i];
          }
        }
        for (int h = 0; h < HEADS; h++) {
          normalise(e, h * VALUES, VALUES);
        }
        for (int i = 0; i < WIDTH; i++) {
          e[i] *= p.value("toeplitz." + a + ".norm").getDouble(i);
        }
        double[] out = times(e, p, "toeplitz." + a + ".output");
        for (int i = 0; i < WIDTH; i++) {
          sum[t][i] += out[i];
        }
      }
    }
    return sum;
  }

  /** How far s lies before t on an axis, or -1 where it isn't on t's line or may not be seen. */
  private static int distanceAlong(int axis, int t, int s, LightNetConfig config) {
    int[] ct = coordinates(t, config.axes());
    int[] cs = coordinates(s, config.axes());
    for (int a = 0; a < ct.length; a++) {
      if (a != axis && ct[a] != cs[a]) {
        return -1;
      }
    }
    int distance = ct[axis] - cs[axis];
    return config.bidirectional() ? Math.abs(distance) : distance;
  }

  private static double[] gated(double[] o, double[] x, Parameters p, LightNetConfig config) {
    double[] logits =
        config.outputGate() == GateActivation.NONE
            ? new double[WIDTH]
            : times(times(x, p, "gate_low"), p, "gate_high");
    double[] y = o.clone();
    for (int step = 0; step < 2; step++) {
      if ((step == 0) == (config.gatePlace() == GatePlace.BEFORE_NORM)) {
        for (int i = 0; i < WIDTH; i++) {
          y[i] *=
              switch (config.outputGate()) {
                case SILU -> silu(logits[i]);
                case SIGMOID -> sigmoid(logits[i]);
                case NONE -> 1;
              };
        }
      } else if (config.norm() != Norm.NONE) {
        int n = config.norm() == Norm.WHOLE ? WIDTH : VALUES;
        for (int from = 0; from < WIDTH; from += n) {
          normalise(y, from, n);
        }
        for (int i = 0; i < WIDTH; i++) {
          y[i] *= p.value("norm").getDouble(i);
        }
      }
    }
    return y;
  }

  private static LightNetConfig base(Map<String, ?> changes) {
    LightNetConfig small =
        Configs.with(LightNetConfig.standard(), Map.of("heads", HEADS, "gateLowRank", 3));
    return Configs.with(small, changes);
  }

  static Stream<LightNetConfig> gatesAndNorms() {
    return Stream.of(GateActivation.values())
        .flatMap(
            gate ->
                Stream.of(
                    base(Map.of("outputGate", gate)),
                    base(Map.of("outputGate", gate, "gatePlace", GatePlace.BEFORE_NORM)),
                    base(Map.of("outputGate", gate, "norm", Norm.PER_HEAD, "start", Start.ONE)),
                    base(Map.of("outputGate", gate, "norm", Norm.NONE)),
                    base(
                        Map.of(
                            "outputGate",
                            gate,
                            "norm",
                            Norm.PER_HEAD,
                            "gatePlace",
                            GatePlace.BEFORE_NORM,
                            "shortConvolution",
                            3))));
  }

  static Stream<LightNetConfig> toeplitz() {
    return GRIDS.stream()
        .flatMap(
            axes ->
                Stream.of(false, true)
                    .map(
                        both ->
                            base(
                                Map.of(
                                    "toeplitz",
                                    Toeplitz.EVERY_LAYER,
                                    "axes",
                                    axes,
                                    "bidirectional",
                                    both,
                                    "start",
                                    both ? Start.ONE : Start.EMPTY))));
  }

  @ParameterizedTest
  @MethodSource({"gatesAndNorms", "toeplitz"})
  void forward_isTheOracle(LightNetConfig config) {
    LayerOracle.assertTranscribed(config, WIDTH, (x, p) -> oracle(x, p, config));
  }

  @ParameterizedTest
  @EnumSource(RelativeEncoding.class)
  void bidirectional_seesRelativePositionsOnEveryGrid(RelativeEncoding encoding) {
    for (List<Integer> axes : encoding == RelativeEncoding.NONE ? GRIDS.subList(0, 1) : GRIDS) {
      LightNetConfig config =
          base(
              Map.of("keyExpansion", 6, "relative", encoding, "axes", axes, "bidirectional", true));
      LayerOracle.assertTranscribed(config, WIDTH, (x, p) -> oracle(x, p, config));
    }
  }

  /**
   * Cosine parts share their channel's decay, so that causal layers are exact; rotations mix two
   * channels with decays of their own, and only the written part of the product is relative.
   */
  @ParameterizedTest
  @EnumSource(
      value = RelativeEncoding.class,
      names = {"COSINE", "COSINE_LOW", "COSINE_HIGH"})
  void causalCosineForm_seesRelativePositionsOnEveryGrid(RelativeEncoding encoding) {
    for (List<Integer> axes : GRIDS) {
      LightNetConfig config = base(Map.of("keyExpansion", 3, "relative", encoding, "axes", axes));
      LayerOracle.assertTranscribed(config, WIDTH, (x, p) -> oracle(x, p, config));
    }
  }

  @Test
  void toeplitz_isInTheFirstLayerOnly() {
    LightNetConfig config = base(Map.of("toeplitz", Toeplitz.FIRST_LAYER));
    LightNetConfig without = base(Map.of());
    LayerOracle.assertTranscribed(
        config, new MixerConfig.Place(WIDTH, 0, 2), (x, p) -> oracle(x, p, config));
    LayerOracle.assertTranscribed(
        config, new MixerConfig.Place(WIDTH, 1, 2), (x, p) -> oracle(x, p, without));
  }

  @Test
  void presets_areTheOnesOfTheirSources() {
    assertThat(LightNetConfig.standard().start()).isEqualTo(Start.EMPTY);
    assertThat(LightNetConfig.xmixers(4).start()).isEqualTo(Start.ONE);
    assertThat(LightNetConfig.xmixers(4).norm()).isEqualTo(Norm.PER_HEAD);
    assertThat(LightNetConfig.grid(4, 3, 5).axes()).containsExactly(3, 5);
    BlockConfig read =
        Configs.read(
            "mixer",
            "{type: lightnet, heads: 2, axes: [4, 3], relative: cosine_high}",
            BlockConfig.class);
    assertThat(read)
        .isEqualTo(
            Configs.with(
                LightNetConfig.standard(),
                Map.of(
                    "heads", 2, "axes", List.of(4, 3), "relative", RelativeEncoding.COSINE_HIGH)));
    assertThat(Configs.read("mixer", Configs.write(read), BlockConfig.class)).isEqualTo(read);
  }

  @Test
  void state_hasTheDeclaredSizeAndCost() {
    Parametrisation layer =
        base(Map.of(
                "relative",
                RelativeEncoding.COSINE,
                "toeplitz",
                Toeplitz.EVERY_LAYER,
                "axes",
                List.of(5, 4)))
            .build(MixerConfig.Place.alone(WIDTH))
            .parametrisation();
    long matrix = 2L * HEADS * VALUES * VALUES;
    assertThat(layer.stateBytes(9, DataType.FLOAT))
        .isEqualTo(4 * (matrix + WIDTH + (4 + 1) * WIDTH));
    assertThat(layer.multiplyAddsPerToken(9))
        .isEqualTo(
            4 * WIDTH * WIDTH
                + 3 * 2 * WIDTH
                + 2 * (WIDTH * WIDTH + 3 * WIDTH)
                + 4 * WIDTH
                + 2 * WIDTH
                + 3 * matrix);
  }

  @Test
  void misfits_areRefusedWithARemedy() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> base(Map.of("axes", List.of(4, 4))))
        .withMessage(
            "lightnet: axes need a position encoding that uses them, got axes [4, 4]; give toeplitz"
                + " or relative, or leave axes out");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                base(Map.of("relative", RelativeEncoding.ROTATE, "axes", List.of(2, 2, 2)))
                    .build(MixerConfig.Place.alone(WIDTH)))
        .withMessage(
            "lightnet: keys per head must be divisible by 6 for relative encoding rotate of 3 axes,"
                + " got 4; use other heads or keyExpansion");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> base(Map.of("bidirectional", true, "shortConvolution", 4)))
        .withMessageContaining("it is causal: leave one of them out");
    SequenceMixer small =
        base(Map.of("toeplitz", Toeplitz.EVERY_LAYER, "axes", List.of(3, 2)))
            .build(MixerConfig.Place.alone(WIDTH));
    Tape tape = Tape.detached();
    Context context = Context.inference(tape, Parameters.of(small, DataType.DOUBLE, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                small.forward(
                    context, tape.constant(Nd4j.zeros(DataType.DOUBLE, 1, 7, WIDTH)), null))
        .withMessage(
            "lightnet: sequences must fit axes [3, 2] with 6 positions, got 7; give larger axes or"
                + " leave them out");
  }
}
