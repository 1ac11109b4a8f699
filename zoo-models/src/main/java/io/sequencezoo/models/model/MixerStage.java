package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/** A sequence mixer alone: what it puts out is the stream, without a residual branch. */
record MixerStage(SequenceMixer mixer) implements Stage {
  private static final String MIXER = "mixer";

  @Override
  public void declare(Declaration declaration) {
    mixer.declare(declaration.child(MIXER));
  }

  @Override
  public Evolution forward(Context context, Variable x, @Nullable State initial) {
    return mixer.forward(context.child(MIXER), x, initial);
  }

  @Override
  public Evolution step(Context context, Variable x, @Nullable State initial) {
    return mixer.step(context.child(MIXER), x, initial);
  }

  @Override
  public State initialState(Context context, int batch, DataType type) {
    return mixer.initialState(context.child(MIXER), batch, type);
  }

  @Override
  public Map<String, SequenceMixer> mixers() {
    return Map.of(MIXER, mixer);
  }
}
