package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/** Stages one after the other, {@code layers.0} first, and a norm behind the last or none. */
public final class Stack implements Block {
  private static final String NORM = "norm";

  private final Stages stages;
  private final @Nullable FeedForward norm;

  /** A stack of at least one stage; the norm may be null. */
  public Stack(List<Stage> stages, @Nullable FeedForward norm) {
    this.stages = new Stages(stages, 1);
    this.norm = norm;
  }

  @Override
  public void declare(Declaration declaration) {
    stages.declare(declaration);
    if (norm != null) {
      norm.declare(declaration.child(NORM));
    }
  }

  /** The sequence mixers of all stages, by their path under the model. */
  public Map<String, SequenceMixer> mixers() {
    return stages.mixers();
  }

  /** Bytes of state per row after consuming this many tokens. */
  public long stateBytes(int consumed, DataType type) {
    return stages.stateBytes(consumed, type);
  }

  /** Multiply-adds of all stages per token at a position, two operations each. */
  public long multiplyAddsPerToken(int position) {
    return stages.multiplyAddsPerToken(position);
  }

  /** The states of the stages before the first token of each row. */
  State initialState(Context context, int batch, DataType type) {
    return stages.initialState(context, batch, type);
  }

  /** Maps the stream {@code x [B, T, D]}; one token goes by the stages' steps where asked for. */
  Evolution run(Context context, Variable x, Rows rows, @Nullable State initial, boolean step) {
    Evolution evolution = stages.run(context, x, initial, step, Stages.Source.LAST);
    Variable stream = evolution.outputs();
    if (norm != null) {
      stream = context.pass(NORM, stream, last -> norm.apply(context.child(NORM), last));
    }
    // A stage that is skipped doesn't count the tokens.
    return new Evolution(stream, State.of(evolution.state().children(), rows.after()));
  }
}
