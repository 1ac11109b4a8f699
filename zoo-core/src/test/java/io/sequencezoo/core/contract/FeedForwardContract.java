package io.sequencezoo.core.contract;

import static io.sequencezoo.core.contract.Close.assertClose;
import static io.sequencezoo.core.contract.Close.assertSame;
import static io.sequencezoo.core.contract.MixerSubject.outside;
import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.GradientCheck;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.kernel.Poison;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig.Place;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The laws that apply to a block that treats every position alone. */
public final class FeedForwardContract {
  private static final long SEED = 20261122;
  private static final int BATCH = 3;
  private static final int STEPS = 7;

  private final FeedForwardConfig config;
  private final DataType type;
  private final int width;
  private final FeedForward block;
  private final Parameters parameters;

  private FeedForwardContract(FeedForwardConfig config, DataType type) {
    this.config = config;
    this.type = type;
    this.width = MixerSubject.fittingWidth(config, w -> config.build(Place.alone(w)));
    this.block = config.build(Place.alone(width));
    this.parameters = Parameters.of(block, type, SEED);
    MixerSubject.stir(parameters);
  }

  /** The laws of a configuration in one precision, by name, each ready to run. */
  public static Map<String, Runnable> laws(FeedForwardConfig config, DataType type) {
    Map<String, Runnable> laws = new LinkedHashMap<>();
    if (type == DataType.DOUBLE) {
      laws.put(
          "4 gradients = differences", () -> new FeedForwardContract(config, type).gradients());
    }
    laws.put(
        "6 positions are independent",
        () -> new FeedForwardContract(config, type).positionsAreIndependent());
    laws.put(
        "6 padding holds anything", () -> new FeedForwardContract(config, type).paddingIsFree());
    laws.put("7 determinism", () -> new FeedForwardContract(config, type).determinism());
    laws.put("8 round trip", () -> new FeedForwardContract(config, type).roundTrip());
    laws.put("9 declared parameters", () -> new FeedForwardContract(config, type).declared());
    laws.put("10 poisoned memory", () -> new FeedForwardContract(config, type).poison());
    return laws;
  }

  private INDArray input(int seed, int batch, int steps) {
    return MixerSubject.random(type, seed, batch, steps, width).muli(1.5);
  }

  private INDArray forward(Parameters weights, INDArray x) {
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, weights);
      return outside(block.forward(context, tape.constant(x)).value());
    }
  }

  private List<INDArray> everything() {
    return everything(input(61, BATCH, STEPS), null);
  }

  private List<INDArray> everything(INDArray x, int[] lengths) {
    parameters.zeroGradients();
    List<INDArray> results = new ArrayList<>();
    try (Tape tape = Tape.training()) {
      Variable in = tape.variable(x);
      Context context = Context.training(tape, parameters, SEED);
      context = lengths == null ? context : context.withLengths(lengths);
      Variable y = block.forward(context, in);
      INDArray cotangent = MixerSubject.random(type, 62, y.shape());
      if (lengths != null) {
        NonFiniteLaws.padding(cotangent, lengths, 0);
      }
      tape.backward(List.of(y), List.of(cotangent));
      results.add(outside(y.value()));
      results.add(outside(in.gradient()));
    }
    for (ParameterSpec spec : parameters.specs()) {
      results.add(outside(parameters.gradient(spec.name())));
    }
    return results;
  }

  private void gradients() {
    GradientCheck check =
        GradientCheck.ofOne(
                (tape, in) -> block.forward(Context.training(tape, parameters, SEED), in[0]))
            .tolerance(Tolerances.DIFFERENCES, Tolerances.DIFFERENCES_AT_ZERO)
            .samples(40)
            .input("x", input(63, 2, 3));
    GradientLaws.addParameters(check, parameters);
    check.run().assertPassed();
  }

  private void positionsAreIndependent() {
    INDArray x = input(64, BATCH, STEPS);
    INDArray y = forward(parameters, x);
    assertThat(y.size(0)).isEqualTo(BATCH);
    assertThat(y.size(1)).isEqualTo(STEPS);
    for (int b = 0; b < BATCH; b++) {
      for (int t = 0; t < STEPS; t++) {
        assertClose(
            "row " + b + " position " + t,
            MixerSubject.slice(MixerSubject.row(y, b), t, t + 1),
            forward(parameters, MixerSubject.slice(MixerSubject.row(x, b), t, t + 1)),
            Tolerances.of(type));
      }
    }
  }

  /** What padding holds changes no bit of valid outputs and of gradients. */
  private void paddingIsFree() {
    int[] lengths = {STEPS, 3, 0};
    INDArray x = input(66, BATCH, STEPS);
    List<INDArray> clean = everything(NonFiniteLaws.padding(x, lengths, 0), lengths);
    for (double poison : NonFiniteLaws.POISONS) {
      INDArray poisoned = NonFiniteLaws.padding(x.dup('c'), lengths, poison);
      ReproducibilityLaws.assertAllSame(
          "padding of " + poison, everything(poisoned, lengths), clean);
    }
  }

  private void determinism() {
    ReproducibilityLaws.sameForAnyThreads("", this::everything);
  }

  private void roundTrip() {
    FeedForwardConfig again = (FeedForwardConfig) ReproducibilityLaws.roundTrip(config);
    Parameters loaded = Parameters.of(again.build(Place.alone(width)), type, 99);
    ReproducibilityLaws.throughFile(parameters, loaded);
    INDArray x = input(65, BATCH, STEPS);
    assertSame("outputs after the round trip", forward(loaded, x), forward(parameters, x));
  }

  private void declared() {
    everything();
    DeclarationLaws.assertUsed(parameters);
  }

  private void poison() {
    List<INDArray> clean = everything();
    List<INDArray> poisoned = new ArrayList<>();
    Poison.during(() -> poisoned.addAll(everything()));
    ReproducibilityLaws.assertAllSame("poisoned", poisoned, clean);
  }
}
