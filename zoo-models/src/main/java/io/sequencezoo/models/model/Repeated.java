package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Stages one after the other as one, and all of them again with the same parameters: sharing across
 * layers. Without sharing it makes one stage of several, such as the transition of one that is
 * repeated itself.
 *
 * <pre>{@code
 * x = stage_(i mod n)(x)        i = 0 ... n times - 1
 * }</pre>
 *
 * <p>Parameters are under {@code layers.j}, j below n; the i-th pass has a state of its own, {@code
 * layers.i}.
 */
@Paper(
    key = "lan2019albert",
    arxiv = "1909.11942",
    title = "ALBERT: A Lite BERT for Self-supervised Learning of Language Representations",
    authors = "Lan et al. 2019")
@Source(
    repo = "google-research/albert",
    path = "modeling.py",
    commit = "c21d8a3616a4b156d21e795698ad52743ccd8b73")
public final class Repeated implements Stage {
  private static final String LAYER = "layers.";

  private final List<Stage> stages;
  private final int times;

  /** These stages, so many times. */
  Repeated(List<Stage> stages, int times) {
    this.stages = List.copyOf(stages);
    this.times = times;
  }

  @Override
  public void declare(Declaration declaration) {
    for (int j = 0; j < stages.size(); j++) {
      stages.get(j).declare(declaration.child(LAYER + j));
    }
  }

  @Override
  public Evolution forward(Context context, Variable x, State initial) {
    return run(context, x, initial, false);
  }

  @Override
  public Evolution step(Context context, Variable x, State initial) {
    return run(context, x, initial, true);
  }

  private Evolution run(Context context, Variable x, State initial, boolean step) {
    Map<String, State> states = new LinkedHashMap<>();
    Variable stream = x;
    int[] consumed = null;
    for (int i = 0; i < stages.size() * times; i++) {
      int j = i % stages.size();
      Stage stage = stages.get(j);
      Context own = context.again(i / stages.size()).child(LAYER + j);
      State before = initial == null ? null : initial.child(LAYER + i);
      Variable in = stream;
      int rows = context.sequences() == null ? x.size(0) : context.sequences().count();
      Evolution evolution =
          own.pass(
              in,
              inner -> step ? stage.step(own, inner, before) : stage.forward(own, inner, before),
              () -> before != null ? before : stage.initialState(own, rows, x.type()));
      stream = evolution.outputs();
      consumed = evolution.state().consumed();
      states.put(LAYER + i, evolution.state());
    }
    return new Evolution(stream, State.of(states, consumed));
  }

  @Override
  public State initialState(Context context, int batch, DataType type) {
    Map<String, State> states = new LinkedHashMap<>();
    for (int i = 0; i < stages.size() * times; i++) {
      int j = i % stages.size();
      states.put(LAYER + i, stages.get(j).initialState(context.child(LAYER + j), batch, type));
    }
    return State.of(states, new int[batch]);
  }

  @Override
  public Map<String, SequenceMixer> mixers() {
    Map<String, SequenceMixer> mixers = new LinkedHashMap<>();
    for (int j = 0; j < stages.size(); j++) {
      String prefix = LAYER + j + ".";
      stages.get(j).mixers().forEach((path, mixer) -> mixers.put(prefix + path, mixer));
    }
    return mixers;
  }

  @Override
  public long stateBytes(int consumed, DataType type) {
    return times * stages.stream().mapToLong(stage -> stage.stateBytes(consumed, type)).sum();
  }
}
