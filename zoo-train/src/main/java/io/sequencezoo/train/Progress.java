package io.sequencezoo.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The moving parts of a run besides parameters and optimiser; {@link TrainState} at rest. */
final class Progress {
  private final long total;
  private final long interval;
  private final List<History.Point> losses = new ArrayList<>();
  private final List<History.Evaluated> evaluations = new ArrayList<>();
  private long step;
  private long position;
  private long tokens;
  private long bestStep = -1;
  private double bestScore = Double.POSITIVE_INFINITY;
  private int stale;
  private double intervalLoss;
  private long intervalTokens;

  Progress(long total) {
    this.total = total;
    this.interval = Math.max(1, total / History.POINTS);
  }

  Progress(long total, TrainState state) {
    this(total);
    step = state.step();
    position = state.position();
    tokens = state.tokens();
    bestStep = state.bestStep();
    bestScore = state.bestScore();
    stale = state.stale();
    intervalLoss = state.intervalLoss();
    intervalTokens = state.intervalTokens();
    losses.addAll(state.history().losses());
    evaluations.addAll(state.history().evaluations());
  }

  long step() {
    return step;
  }

  long position() {
    return position;
  }

  int stale() {
    return stale;
  }

  /** Counts an update. */
  TrainListener.Step advance(
      long position,
      double lossSum,
      long count,
      double rate,
      double norm,
      CpuClock.Span span,
      Map<String, Double> auxiliary) {
    step++;
    this.position = position;
    tokens += count;
    intervalLoss += lossSum;
    intervalTokens += count;
    if (step % interval == 0 || step == total) {
      losses.add(new History.Point(step, tokens, intervalLoss / intervalTokens, rate, norm));
      intervalLoss = 0;
      intervalTokens = 0;
    }
    return new TrainListener.Step(
        step,
        total,
        count,
        tokens,
        lossSum / count,
        rate,
        norm,
        span.seconds(),
        span.cpuSeconds(),
        auxiliary);
  }

  /** Notes an evaluation; returns whether it is the best. */
  boolean evaluated(Evaluation evaluation) {
    evaluations.add(new History.Evaluated(step, tokens, evaluation));
    boolean best = evaluation.score() < bestScore;
    if (best) {
      bestScore = evaluation.score();
      bestStep = step;
    }
    stale = best ? 0 : stale + 1;
    return best;
  }

  History.Evaluated lastEvaluation() {
    return evaluations.get(evaluations.size() - 1);
  }

  TrainState state(long optimizerSteps) {
    return new TrainState(
        step,
        position,
        tokens,
        optimizerSteps,
        bestStep,
        bestScore,
        stale,
        intervalLoss,
        intervalTokens,
        new History(losses, evaluations));
  }

  TrainResult result(TrainResult.End end) {
    return new TrainResult(
        end, step, tokens, bestStep, bestScore, new History(losses, evaluations));
  }
}
