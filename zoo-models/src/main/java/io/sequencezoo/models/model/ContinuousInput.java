package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.op.Dense;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A linear map of numbers.
 *
 * <pre>{@code x = u W + b}</pre>
 *
 * <ul>
 *   <li>{@code u}: {@code [B, T, F]}, of the model's precision
 *   <li>{@code input.weight}: {@code [F, D]}; {@code input.bias}: {@code [D]}
 * </ul>
 *
 * @param features F
 * @param width D
 * @param initialiser of the weight
 */
public record ContinuousInput(int features, int width, Initialiser initialiser) implements Input {
  private static final String INPUT = "input";
  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";

  @Override
  public void declare(Declaration declaration) {
    Declaration own = declaration.child(INPUT);
    own.weight(WEIGHT, initialiser, features, width);
    own.undecayed(BIAS, Initialisers.zeros(), width);
  }

  @Override
  public long[] shape(long rows, long steps) {
    return new long[] {rows, steps, features};
  }

  @Override
  public Variable forward(Context context, INDArray input, Rows rows) {
    Context own = context.child(INPUT);
    Variable u = context.tape().constant(input);
    return context.pass(
        INPUT, u, x -> Dense.linear(context.tape(), x, own.parameter(WEIGHT), own.parameter(BIAS)));
  }
}
