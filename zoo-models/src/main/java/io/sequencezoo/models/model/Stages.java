package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Stages one after the other, {@code layers.0} first, and all of them again with the same
 * parameters where they are passed several times. Every pass has a state of its own, {@code
 * layers.i}.
 */
final class Stages {
  private static final String LAYER = "layers.";

  private final List<Stage> stages;
  private final int times;

  /** These stages, at least one, so many times. */
  Stages(List<Stage> stages, int times) {
    this.stages = List.copyOf(stages);
    this.times = times;
  }

  /** What a pass starts from. */
  @FunctionalInterface
  interface Source {
    /** Each from what the one before puts out. */
    Source LAST = outputs -> outputs.get(outputs.size() - 1);

    /**
     * The input of the next pass, or in the end the output of all.
     *
     * @param outputs the stream before the first pass, then what each put out
     */
    Variable of(List<Variable> outputs);
  }

  /** Passes, each stage as many times as all are. */
  int passes() {
    return stages.size() * times;
  }

  void declare(Declaration declaration) {
    for (int j = 0; j < stages.size(); j++) {
      stages.get(j).declare(declaration.child(LAYER + j));
    }
  }

  /** Maps the stream {@code x [B, T, D]}; one token goes by the stages' steps where asked for. */
  Evolution run(Context context, Variable x, @Nullable State initial, boolean step, Source source) {
    Map<String, State> states = new LinkedHashMap<>();
    List<Variable> outputs = new ArrayList<>(List.of(x));
    int[] consumed = {};
    int rows = context.sequences() == null ? x.size(0) : context.sequences().count();
    for (int i = 0; i < passes(); i++) {
      int j = i % stages.size();
      Stage stage = stages.get(j);
      Context own = context.again(i / stages.size()).child(LAYER + j);
      State before = initial == null ? null : initial.child(LAYER + i);
      Evolution evolution =
          own.pass(
              source.of(outputs),
              in -> step ? stage.step(own, in, before) : stage.forward(own, in, before),
              () -> before != null ? before : stage.initialState(own, rows, x.type()));
      outputs.add(evolution.outputs());
      consumed = evolution.state().counts();
      states.put(LAYER + i, evolution.state());
    }
    return new Evolution(source.of(outputs), State.of(states, consumed));
  }

  State initialState(Context context, int batch, DataType type) {
    Map<String, State> states = new LinkedHashMap<>();
    for (int i = 0; i < passes(); i++) {
      int j = i % stages.size();
      states.put(LAYER + i, stages.get(j).initialState(context.child(LAYER + j), batch, type));
    }
    return State.of(states, new int[batch]);
  }

  /** The sequence mixers of all stages, by their path. */
  Map<String, SequenceMixer> mixers() {
    Map<String, SequenceMixer> mixers = new LinkedHashMap<>();
    for (int j = 0; j < stages.size(); j++) {
      String prefix = LAYER + j + ".";
      stages.get(j).mixers().forEach((path, mixer) -> mixers.put(prefix + path, mixer));
    }
    return mixers;
  }

  long multiplyAddsPerToken(int position) {
    return times * stages.stream().mapToLong(stage -> stage.multiplyAddsPerToken(position)).sum();
  }

  long stateBytes(int consumed, DataType type) {
    return times * stages.stream().mapToLong(stage -> stage.stateBytes(consumed, type)).sum();
  }
}
