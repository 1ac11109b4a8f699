package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import org.jspecify.annotations.Nullable;

/**
 * How tokens are chosen.
 *
 * @param maxTokens most tokens per prompt
 * @param temperature what logits are divided by; 0 for the likeliest token always
 * @param topK only the k likeliest tokens; 0 for all
 * @param topP only the likeliest tokens that together have probability p (Holtzman et al. 2019,
 *     arXiv 1904.09751); 1 for all. Applies to what topK leaves
 * @param seed of the choices; rows have streams of their own
 * @param stopToken ends a row, and is part of it; null for none
 */
public record Sampling(
    int maxTokens,
    double temperature,
    int topK,
    double topP,
    long seed,
    @Nullable Integer stopToken) {
  /** Checks the ranges. */
  public Sampling {
    checkArgument(maxTokens >= 0, "sampling: maxTokens must not be negative, got %s", maxTokens);
    checkArgument(
        temperature >= 0 && temperature < Double.POSITIVE_INFINITY,
        "sampling: temperature must not be negative, got %s",
        temperature);
    checkArgument(topK >= 0, "sampling: topK must not be negative, got %s", topK);
    checkArgument(topP > 0 && topP <= 1, "sampling: topP must be in (0, 1], got %s", topP);
  }

  /** The likeliest token always. */
  public static Sampling greedy(int maxTokens) {
    return new Sampling(maxTokens, 0, 0, 1, 0, null);
  }

  /** Tokens by their probability. */
  public static Sampling random(int maxTokens, double temperature, long seed) {
    return new Sampling(maxTokens, temperature, 0, 1, seed, null);
  }

  /** The same, from the k likeliest tokens. */
  public Sampling withTopK(int k) {
    return new Sampling(maxTokens, temperature, k, topP, seed, stopToken);
  }

  /** The same, from the nucleus of probability p. */
  public Sampling withTopP(double p) {
    return new Sampling(maxTokens, temperature, topK, p, seed, stopToken);
  }

  /** The same, ending at a token. */
  public Sampling withStopToken(int token) {
    return new Sampling(maxTokens, temperature, topK, topP, seed, token);
  }
}
