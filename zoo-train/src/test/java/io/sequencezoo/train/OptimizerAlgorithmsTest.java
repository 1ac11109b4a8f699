package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** The first twenty updates of every optimiser against PyTorch's algorithms in plain loops. */
class OptimizerAlgorithmsTest {
  private static final int STEPS = 20;
  private static final double RATE = 0.01;
  private static final double EPS = 1e-8;

  /** Twenty updates in double, in another order of operations. */
  private static final double ROUNDING = 1e-12;

  /** Sizes of gradients, which are from half to the whole of them; some near eps. */
  private static final double[] SIZES = {1, 0.1, 10, 1e-6, 1e-8, 1e-9};

  /** One weight's optimiser: from gradient and time to what is subtracted. */
  interface Algorithm {
    double update(double g, int t);
  }

  record Case(String yaml, Supplier<Algorithm> algorithm) {
    @Override
    public String toString() {
      return yaml;
    }
  }

  static Stream<Case> cases() {
    return List.of(
        new Case("{type: sgd, lr: 0.01}", () -> (g, t) -> RATE * g),
        new Case("{type: nesterovs, lr: 0.01}", Nesterov::new),
        new Case("{type: adam, lr: 0.01}", () -> new Adam(false, false)),
        new Case("{type: adamw, lr: 0.01, weightDecay: 0}", () -> new Adam(false, false)),
        new Case("{type: amsgrad, lr: 0.01}", () -> new Adam(true, false)),
        new Case("{type: nadam, lr: 0.01}", () -> new Adam(false, true)),
        new Case("{type: adamax, lr: 0.01}", AdaMax::new),
        new Case("{type: adagrad, lr: 0.01, eps: 1e-8}", AdaGrad::new),
        new Case("{type: adadelta, lr: 0.01, eps: 1e-8}", AdaDelta::new),
        new Case("{type: rmsprop, lr: 0.01}", RmsProp::new),
        new Case("{type: adabelief, lr: 0.01, eps: 1e-8}", AdaBelief::new))
        .stream();
  }

  /** torch.optim.SGD with momentum 0.9 and nesterov. */
  static final class Nesterov implements Algorithm {
    private double momentum;

    @Override
    public double update(double g, int t) {
      momentum = 0.9 * momentum + g;
      return RATE * (g + 0.9 * momentum);
    }
  }

  /** torch.optim.Adam, with amsgrad; torch.optim.NAdam. */
  static final class Adam implements Algorithm {
    private final boolean largest;
    private final boolean nesterov;
    private double m;
    private double v;
    private double most;
    private double product = 1;

    Adam(boolean largest, boolean nesterov) {
      this.largest = largest;
      this.nesterov = nesterov;
    }

    @Override
    public double update(double g, int t) {
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      most = Math.max(most, v);
      double root = Math.sqrt((largest ? most : v) / (1 - Math.pow(0.999, t))) + EPS;
      if (!nesterov) {
        return RATE * m / (1 - Math.pow(0.9, t)) / root;
      }
      double now = 0.9 * (1 - 0.5 * Math.pow(0.96, t * 0.004));
      double next = 0.9 * (1 - 0.5 * Math.pow(0.96, (t + 1) * 0.004));
      product *= now;
      return RATE * (1 - now) / (1 - product) * g / root
          + RATE * next / (1 - product * next) * m / root;
    }
  }

  /** torch.optim.Adamax. */
  static final class AdaMax implements Algorithm {
    private double m;
    private double u;

    @Override
    public double update(double g, int t) {
      m = 0.9 * m + 0.1 * g;
      u = Math.max(0.999 * u, Math.abs(g) + EPS);
      return RATE / (1 - Math.pow(0.9, t)) * m / u;
    }
  }

  /** torch.optim.Adagrad. */
  static final class AdaGrad implements Algorithm {
    private double sum;

    @Override
    public double update(double g, int t) {
      sum += g * g;
      return RATE * g / (Math.sqrt(sum) + EPS);
    }
  }

  /** torch.optim.Adadelta, rho 0.95. */
  static final class AdaDelta implements Algorithm {
    private double square;
    private double moved;

    @Override
    public double update(double g, int t) {
      square = 0.95 * square + 0.05 * g * g;
      double step = Math.sqrt(moved + EPS) / Math.sqrt(square + EPS) * g;
      moved = 0.95 * moved + 0.05 * step * step;
      return RATE * step;
    }
  }

  /** torch.optim.RMSprop, alpha 0.95. */
  static final class RmsProp implements Algorithm {
    private double square;

    @Override
    public double update(double g, int t) {
      square = 0.95 * square + 0.05 * g * g;
      return RATE * g / (Math.sqrt(square) + EPS);
    }
  }

  /** The authors' AdaBelief. */
  static final class AdaBelief implements Algorithm {
    private double m;
    private double s;

    @Override
    public double update(double g, int t) {
      m = 0.9 * m + 0.1 * g;
      s = 0.999 * s + 0.001 * (g - m) * (g - m) + EPS;
      double root = Math.sqrt(s / (1 - Math.pow(0.999, t))) + EPS;
      return RATE / (1 - Math.pow(0.9, t)) * m / root;
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void step_equalsTheAlgorithm(Case it) {
    double[] sizes = SIZES;
    Block block =
        declaration ->
            declaration.weight("w", (shape, random) -> new double[sizes.length], sizes.length);
    Parameters parameters = Parameters.of(block, DataType.DOUBLE, 3);
    OptimizerConfig config = Configs.read("optimizer", it.yaml, OptimizerConfig.class);
    Optimizer optimizer = config.build(parameters);
    Algorithm[] rules = Stream.generate(it.algorithm).limit(sizes.length).toArray(Algorithm[]::new);
    double[] w = new double[sizes.length];
    SplittableRandom random = new SplittableRandom(5);
    for (int t = 1; t <= STEPS; t++) {
      double[] g = new double[sizes.length];
      for (int i = 0; i < g.length; i++) {
        double sign = random.nextBoolean() ? 1 : -1;
        g[i] = sign * sizes[i] * (0.5 + 0.5 * random.nextDouble());
        w[i] -= rules[i].update(g[i], t);
      }
      parameters.gradients().assign(Nd4j.createFromArray(g));
      optimizer.step(1, RATE);
      double[] actual = parameters.values().toDoubleVector();
      for (int i = 0; i < g.length; i++) {
        assertThat(actual[i])
            .as("%s: weight with gradients of %s after %s updates", it, sizes[i], t)
            .isCloseTo(w[i], within(ROUNDING));
      }
    }
  }
}
