package io.sequencezoo.models.vector;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.models.conv.ShortConvolutions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@link MinGru} and {@link MinLstm} share: all but the gate and its logits. */
abstract sealed class MinimalUnit extends GatedStateMixer permits MinGru, MinLstm {
  private static final String INPUT = "x";
  private static final String OUTPUT = "output";

  private final List<String> logits;
  private final MinimalGate gate;

  /**
   * A layer of width D.
   *
   * @param inner E, the number of channels
   * @param span W, of the convolution, or 0 for none
   * @param logits the projections that the gate takes
   */
  MinimalUnit(String name, int width, int inner, int span, List<String> logits, MinimalGate gate) {
    super(
        name,
        width,
        inner,
        new ShortConvolutions(span, ImmutableMap.of(INPUT, width), null, false),
        ImmutableMap.of());
    this.logits = logits;
    this.gate = gate;
  }

  @Override
  public final void declare(Declaration declaration) {
    convolutions.declareUniform(declaration);
    for (String logit : logits) {
      declaration.weight(logit, Initialisers.fanInUniform(), width, inner);
    }
    if (inner != width) {
      declaration.weight(OUTPUT, Initialisers.fanInUniform(), inner, width);
    }
  }

  @Override
  final Preactivations preactivations(Context context, Variable x, State state) {
    Map<String, Variable> caches = new LinkedHashMap<>();
    Variable u = convolutions.apply(context, INPUT, x, state, caches);
    List<Variable> projected = logits.stream().map(logit -> linear(context, u, logit)).toList();
    return new Preactivations(gate, projected, List.of(), Map.of(), caches);
  }

  @Override
  final Variable project(Context context, Variable shown, Map<String, Variable> extras) {
    return inner == width ? shown : linear(context, shown, OUTPUT);
  }

  @Override
  final long multiplyAdds() {
    long products = (long) logits.size() + (inner == width ? 0 : 1);
    return products * width * inner + inner;
  }
}
