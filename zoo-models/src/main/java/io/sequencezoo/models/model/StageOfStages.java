package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/** A stage that consists of several. */
abstract class StageOfStages implements Stage {
  final Stages stages;

  StageOfStages(Stages stages) {
    this.stages = stages;
  }

  /** What each of them starts from; the context is this stage's. */
  Stages.Source source(Context context) {
    return Stages.Source.LAST;
  }

  @Override
  public final Evolution forward(Context context, Variable x, @Nullable State initial) {
    return stages.run(context, x, initial, false, source(context));
  }

  @Override
  public final Evolution step(Context context, Variable x, @Nullable State initial) {
    return stages.run(context, x, initial, true, source(context));
  }

  @Override
  public final State initialState(Context context, int batch, DataType type) {
    return stages.initialState(context, batch, type);
  }

  @Override
  public final Map<String, SequenceMixer> mixers() {
    return stages.mixers();
  }

  @Override
  public final long multiplyAddsPerToken(int position) {
    return stages.multiplyAddsPerToken(position);
  }

  @Override
  public final long stateBytes(int consumed, DataType type) {
    return stages.stateBytes(consumed, type);
  }
}
