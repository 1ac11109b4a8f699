package io.sequencezoo.train;

/**
 * Where a run stands, besides its parameters and the optimiser's memory. Random numbers of a step
 * depend on seed and step alone, so that the step is the state of the random generator.
 *
 * @param step updates so far
 * @param position batches drawn from the source so far
 * @param tokens that counted towards the loss so far
 * @param optimizerSteps updates that the optimiser has made
 * @param bestStep step of the best evaluation, -1 before the first
 * @param bestScore its score
 * @param stale evaluations since the best one
 * @param intervalLoss loss summed over the tokens of the history's unfinished interval
 * @param intervalTokens their number
 * @param history the past
 */
public record TrainState(
    long step,
    long position,
    long tokens,
    long optimizerSteps,
    long bestStep,
    double bestScore,
    int stale,
    double intervalLoss,
    long intervalTokens,
    History history) {}
