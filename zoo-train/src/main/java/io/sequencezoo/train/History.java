package io.sequencezoo.train;

import java.util.List;

/**
 * What a run has been through: training losses averaged over equal intervals, at most about {@value
 * #POINTS}, and every evaluation.
 *
 * @param losses by step
 * @param evaluations by step
 */
public record History(List<Point> losses, List<Evaluated> evaluations) {
  /** About how many intervals a run is divided into. */
  static final int POINTS = 1000;

  /** Copies both lists. */
  public History {
    losses = List.copyOf(losses);
    evaluations = List.copyOf(evaluations);
  }

  /**
   * An interval of training.
   *
   * @param step its last step
   * @param tokens that count towards the loss, from the start of the run
   * @param loss mean over its tokens
   * @param learningRate of its last step
   * @param gradientNorm of its last step, before clipping
   */
  public record Point(
      long step, long tokens, double loss, double learningRate, double gradientNorm) {}

  /**
   * An evaluation.
   *
   * @param step updates before it
   * @param tokens that counted towards the loss before it
   * @param evaluation its outcome
   */
  public record Evaluated(long step, long tokens, Evaluation evaluation) {}
}
