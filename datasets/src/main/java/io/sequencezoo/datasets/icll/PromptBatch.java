package io.sequencezoo.datasets.icll;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.Arrays;
import java.util.List;

/**
 * Problems as right-padded rows: inputs with {@link Vocabulary#PAD}, labels with {@link
 * Problem#IGNORED}.
 */
public final class PromptBatch {
  private final List<Problem> problems;
  private final int steps;

  /** A batch as long as its longest problem. */
  public PromptBatch(List<Problem> problems) {
    checkArgument(!problems.isEmpty(), "icll batch: must have a problem, got none");
    this.problems = List.copyOf(problems);
    this.steps = problems.stream().mapToInt(Problem::length).max().getAsInt();
  }

  /** The number of positions of a row, T. */
  public int steps() {
    return steps;
  }

  /** {@code [B, T]} tokens. */
  public int[][] inputs() {
    return rows(Vocabulary.PAD, Problem::input);
  }

  /** {@code [B, T]} labels. */
  public int[][] labels() {
    return rows(Problem.IGNORED, Problem::label);
  }

  /** The number of valid positions of each row. */
  public int[] lengths() {
    return problems.stream().mapToInt(Problem::length).toArray();
  }

  private int[][] rows(int padding, Cell cell) {
    int[][] rows = new int[problems.size()][steps];
    for (int b = 0; b < rows.length; b++) {
      Problem problem = problems.get(b);
      Arrays.fill(rows[b], problem.length(), steps, padding);
      for (int t = 0; t < problem.length(); t++) {
        rows[b][t] = cell.at(problem, t);
      }
    }
    return rows;
  }

  private interface Cell {
    int at(Problem problem, int t);
  }
}
