package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/** Stages one after the other, {@code layers.0} first, and a norm behind the last or none. */
public final class Stack implements Block {
  private static final String STAGE = "layers.";
  private static final String NORM = "norm";

  private final List<Stage> stages;
  private final FeedForward norm;

  /** A stack; the norm may be null. */
  public Stack(List<Stage> stages, FeedForward norm) {
    this.stages = List.copyOf(stages);
    this.norm = norm;
  }

  @Override
  public void declare(Declaration declaration) {
    for (int i = 0; i < stages.size(); i++) {
      stages.get(i).declare(declaration.child(STAGE + i));
    }
    if (norm != null) {
      norm.declare(declaration.child(NORM));
    }
  }

  /** The sequence mixers of all stages, by their path under the model. */
  public Map<String, SequenceMixer> mixers() {
    Map<String, SequenceMixer> mixers = new LinkedHashMap<>();
    for (int i = 0; i < stages.size(); i++) {
      String stage = STAGE + i + ".";
      stages.get(i).mixers().forEach((path, mixer) -> mixers.put(stage + path, mixer));
    }
    return mixers;
  }

  /** Bytes of state per row after consuming this many tokens. */
  public long stateBytes(int consumed, DataType type) {
    return stages.stream().mapToLong(stage -> stage.stateBytes(consumed, type)).sum();
  }

  /** The states of the stages before the first token of each row. */
  State initialState(Context context, int batch, DataType type) {
    Map<String, State> states = new LinkedHashMap<>();
    for (int i = 0; i < stages.size(); i++) {
      String path = STAGE + i;
      states.put(path, stages.get(i).initialState(context.child(path), batch, type));
    }
    return State.of(states, new int[batch]);
  }

  /** Maps the stream {@code x [B, T, D]}; one token goes by the stages' steps where asked for. */
  Evolution run(Context context, Variable x, Rows rows, State initial, boolean step) {
    Map<String, State> states = new LinkedHashMap<>();
    Variable stream = x;
    for (int i = 0; i < stages.size(); i++) {
      String path = STAGE + i;
      State before = initial == null ? null : initial.child(path);
      Evolution evolution = run(stages.get(i), context.child(path), stream, rows, before, step);
      stream = evolution.outputs();
      states.put(path, evolution.state());
    }
    if (norm != null) {
      stream = context.pass(NORM, stream, last -> norm.apply(context.child(NORM), last));
    }
    return new Evolution(stream, State.of(states, rows.after()));
  }

  private static Evolution run(
      Stage stage, Context context, Variable x, Rows rows, State initial, boolean step) {
    return context.pass(
        x,
        in -> step ? stage.step(context, in, initial) : stage.forward(context, in, initial),
        () -> initial != null ? initial : stage.initialState(context, rows.count(), x.type()));
  }
}
