package io.sequencezoo.eval.icll;

import io.sequencezoo.datasets.icll.Problem;
import java.util.List;

/** Whatever predicts the next token at every position of a prompt. */
public interface Predictor {
  /** The name in tables and files. */
  String name();

  /**
   * One table {@code [T, V]} per problem: entry [t][v] is the probability that token v comes after
   * the inputs 0 to t.
   */
  List<double[][]> probabilities(List<Problem> problems);
}
