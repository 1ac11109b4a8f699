package io.sequencezoo.bench;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.TokenModel;
import org.nd4j.linalg.api.buffer.DataType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * One token through a small model, where what is fixed per place weighs most: with nobody at the
 * places, and with someone who only looks.
 */
public class SeamBenchmark extends JmhBenchmark {
  private static final int VOCABULARY = 32;
  private static final int WIDTH = 64;
  private static final int LAYERS = 4;

  @Param({"nobody", "looking"})
  private String attached;

  private final TokenModel model =
      LanguageModelConfig.of(VOCABULARY, WIDTH, LAYERS, GlaConfig.standard(), GluConfig.standard())
          .build();
  private Parameters parameters;
  private io.sequencezoo.core.dynamics.State state;

  /** A state to step from. */
  @Setup
  public void prepare() {
    parameters = Parameters.of(model, DataType.FLOAT, 1);
    try (Tape tape = Tape.inference()) {
      state = model.step(context(tape), new int[] {1}, null).state().detach();
    }
  }

  private Context context(Tape tape) {
    Context context = Context.inference(tape, parameters);
    return attached.equals("nobody")
        ? context
        : context.intercepted((place, input, inner) -> inner.apply(input));
  }

  /** The logit of one token after another. */
  @Benchmark
  public double step() {
    try (Tape tape = Tape.inference()) {
      return model.step(context(tape), new int[] {2}, state).outputs().value().getDouble(0);
    }
  }
}
