package io.sequencezoo.bench;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Family;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.matrix.MatrixStateRecurrence;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Forward and backward of a registered mixer: of the whole layer, and of its recurrence alone on
 * the coefficients that the layer drives it with.
 */
final class MixerPasses {
  private static final long SEED = 1;
  private static final DataType TYPE = DataType.FLOAT;

  private final SequenceMixer mixer;
  private final Parameters parameters;
  private final int width;

  MixerPasses(MixerConfig config, int width) {
    this.mixer = config.build(MixerConfig.Place.alone(width));
    this.parameters = Parameters.of(mixer, TYPE, SEED);
    this.width = width;
  }

  Family family() {
    return mixer.parametrisation().recurrence().family();
  }

  /** Projections, recurrence and read-out of {@code [B, T, D]}; gradients of input and weights. */
  Runnable layer(int batch, int time) {
    INDArray x = normal(batch, time, width);
    INDArray cotangent = normal(batch, time, width);
    INDArray tokens = tokens(batch, time);
    return () -> {
      parameters.zeroGradients();
      try (Tape tape = Tape.training()) {
        Context context = Context.training(tape, parameters, SEED);
        context.offerTokens(tokens);
        Variable y = mixer.forward(context, tape.variable(x), null).outputs();
        tape.backward(List.of(y), List.of(cotangent));
      }
    };
  }

  /** The recurrence alone; gradients of all its coefficients. */
  Runnable recurrence(int batch, int time) {
    return recurrence(mixer.parametrisation().recurrence(), coefficients(batch, time));
  }

  /**
   * Plain linear attention, {@code S_t = S_{t-1} + k_t v_tᵀ}, with as many heads, keys and values
   * as a matrix-state recurrence.
   */
  Runnable linearAttention(int batch, int time) {
    Map<String, INDArray> own = coefficients(batch, time);
    long keys = own.get(MatrixStateRecurrence.QUERY).size(3);
    // Several writes per token are an axis before the heads: [B, T, N, H, V].
    INDArray value = own.get(MatrixStateRecurrence.VALUE);
    long heads = value.size(-2);
    Map<String, INDArray> plain = new LinkedHashMap<>();
    plain.put(MatrixStateRecurrence.QUERY, normal(batch, time, heads, keys));
    plain.put(MatrixStateRecurrence.KEY, normal(batch, time, heads, keys));
    plain.put(MatrixStateRecurrence.VALUE, normal(batch, time, heads, value.size(-1)));
    return recurrence(MatrixStateRecurrence.scaled(1 / Math.sqrt((double) keys)), plain);
  }

  private static Runnable recurrence(Recurrence recurrence, Map<String, INDArray> values) {
    INDArray cotangent;
    try (Tape tape = Tape.inference()) {
      INDArray y = evolve(recurrence, tape, values).value();
      cotangent = normal(y.shape());
    }
    return () -> {
      try (Tape tape = Tape.training()) {
        tape.backward(List.of(evolve(recurrence, tape, values)), List.of(cotangent));
      }
    };
  }

  private static Variable evolve(Recurrence recurrence, Tape tape, Map<String, INDArray> values) {
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    values.forEach(
        (name, value) ->
            coefficients.put(
                name, value.dataType().isFPType() ? tape.variable(value) : tape.constant(value)));
    return recurrence.evolve(tape, Solver.AUTO, coefficients, null, null).outputs();
  }

  /** What the layer drives its recurrence with, copied out of the workspace. */
  private Map<String, INDArray> coefficients(int batch, int time) {
    Map<String, INDArray> copies = new LinkedHashMap<>();
    INDArray x = normal(batch, time, width);
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, parameters);
      context.offerTokens(tokens(batch, time));
      mixer
          .parametrisation()
          .drive(context, tape.constant(x), mixer.initialState(context, batch, TYPE))
          .coefficients()
          .forEach((name, value) -> copies.put(name, outside(value.value())));
    }
    return copies;
  }

  /** Tokens for mixers that look at them: as many kinds as a text has characters. */
  private static INDArray tokens(int batch, int time) {
    int[] tokens = new SplittableRandom(SEED).ints((long) batch * time, 0, 64).toArray();
    return Nd4j.createFromArray(tokens).reshape('c', batch, time);
  }

  private static INDArray outside(INDArray array) {
    try (MemoryWorkspace scope = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return array.dup('c');
    }
  }

  private static INDArray normal(long... shape) {
    try (MemoryWorkspace scope = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.randn(TYPE, shape);
    }
  }
}
