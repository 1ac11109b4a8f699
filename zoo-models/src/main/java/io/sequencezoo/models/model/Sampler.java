package io.sequencezoo.models.model;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Chooses tokens by their logits. */
final class Sampler {
  private final Sampling sampling;

  Sampler(Sampling sampling) {
    this.sampling = sampling;
  }

  /**
   * A token; equal logits rank by number.
   *
   * @throws IllegalArgumentException where logits are no distribution
   */
  int choose(double[] logits, SplittableRandom random) {
    if (sampling.temperature() == 0) {
      return likeliest(logits);
    }
    double[] probabilities = probabilities(logits);
    double left = random.nextDouble();
    int last = -1;
    for (int token = 0; token < probabilities.length; token++) {
      if (probabilities[token] > 0) {
        last = token;
        left -= probabilities[token];
        if (left < 0) {
          break;
        }
      }
    }
    return last;
  }

  /** The distribution that tokens are drawn from, by temperature, then topK, then topP. */
  double[] probabilities(double[] logits) {
    int best = likeliest(logits);
    double[] p = new double[logits.length];
    for (int token = 0; token < p.length; token++) {
      p[token] = Math.exp((logits[token] - logits[best]) / sampling.temperature());
    }
    boolean all = sampling.topP() == 1 && (sampling.topK() == 0 || sampling.topK() >= p.length);
    if (!all) {
      keepLikeliest(p, logits);
    }
    normalise(p);
    return p;
  }

  private void keepLikeliest(double[] p, double[] logits) {
    Integer[] order = new Integer[p.length];
    for (int token = 0; token < p.length; token++) {
      order[token] = token;
    }
    Arrays.sort(order, (a, b) -> Double.compare(logits[b], logits[a]));
    int kept = sampling.topK() == 0 ? p.length : Math.min(sampling.topK(), p.length);
    double total = 0;
    for (int i = 0; i < kept; i++) {
      total += p[order[i]];
    }
    double sum = 0;
    int nucleus = 0;
    while (nucleus < kept && (nucleus == 0 || sum < sampling.topP() * total)) {
      sum += p[order[nucleus++]];
    }
    for (int i = nucleus; i < p.length; i++) {
      p[order[i]] = 0;
    }
  }

  private static void normalise(double[] p) {
    double sum = 0;
    for (double x : p) {
      sum += x;
    }
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
  }

  private static int likeliest(double[] logits) {
    int best = 0;
    for (int token = 0; token < logits.length; token++) {
      if (!(logits[token] < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "logits must be numbers below infinity, got %s for token %s"
                .formatted(logits[token], token));
      }
      if (logits[token] > logits[best]) {
        best = token;
      }
    }
    if (logits[best] == Double.NEGATIVE_INFINITY) {
      throw new IllegalArgumentException(
          "one logit at least must be finite, got %s for all".formatted(logits[best]));
    }
    return best;
  }
}
