package io.sequencezoo.eval.analysis;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Transition;
import io.sequencezoo.core.dynamics.Transition.Part;
import java.util.ArrayList;
import java.util.List;

/**
 * The transitions of a system as direct sums of one structure: part p of step t acts on the same
 * state variables for every t.
 */
final class TransitionParts {
  /** Beyond, eigenvalues of a dense matrix at every step take minutes. */
  private static final int LARGEST = 1024;

  private final List<List<Part>> steps;

  private TransitionParts(List<List<Part>> steps) {
    this.steps = steps;
  }

  /** The parts; where the structure changes from step to step, one dense part each. */
  static TransitionParts of(LinearSystem system) {
    List<List<Part>> steps = new ArrayList<>();
    boolean uniform = true;
    for (int t = 0; t < system.steps(); t++) {
      List<Part> parts = system.transition(t).parts();
      uniform &= t == 0 || sameStructure(parts, steps.get(0));
      steps.add(parts);
    }
    if (!uniform) {
      checkSize(system.stateSize());
      for (int t = 0; t < steps.size(); t++) {
        Transition transition = system.transition(t);
        steps.set(t, List.of(new Part(transition.toDense(), 1)));
      }
    }
    steps.get(0).forEach(part -> checkSize(part.matrix().length));
    return new TransitionParts(steps);
  }

  private static void checkSize(int size) {
    checkArgument(
        size <= LARGEST,
        "analysis: a transition must couple at most %s state variables, got %s; use a smaller"
            + " --width, or a trained model of shorter segments by --model",
        LARGEST,
        size);
  }

  private static boolean sameStructure(List<Part> parts, List<Part> others) {
    boolean same = parts.size() == others.size();
    for (int p = 0; same && p < parts.size(); p++) {
      same =
          parts.get(p).copies() == others.get(p).copies()
              && parts.get(p).matrix().length == others.get(p).matrix().length;
    }
    return same;
  }

  /** T. */
  int steps() {
    return steps.size();
  }

  /** The number of parts. */
  int count() {
    return steps.get(0).size();
  }

  /** How often part p is there. */
  int copies(int p) {
    return steps.get(0).get(p).copies();
  }

  /** Part p of step t. */
  double[][] matrix(int t, int p) {
    return steps.get(t).get(p).matrix();
  }

  /** Whether every part moves a single variable. */
  boolean isDiagonal() {
    return steps.get(0).stream().allMatch(part -> part.matrix().length == 1);
  }
}
