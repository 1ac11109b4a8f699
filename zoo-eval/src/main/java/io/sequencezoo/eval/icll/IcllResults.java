package io.sequencezoo.eval.icll;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.train.Provenance;
import java.util.List;

/**
 * Everything that an ICLL experiment found, with what it was computed from: the content of {@code
 * results.json}.
 *
 * @param schema the version of this layout
 * @param provenance what ran, where
 * @param config the experiment's configuration, every default filled in
 * @param baselines what needs no training, on the same test problems
 * @param runs one per architecture and seed, in the order they ran
 */
public record IcllResults(
    int schema,
    Provenance provenance,
    JsonNode config,
    IcllBaselines.Results baselines,
    List<Run> runs) {
  /** The current version of the layout. */
  public static final int SCHEMA = 1;

  /** Copies the runs. */
  public IcllResults {
    runs = List.copyOf(runs);
  }

  /**
   * One trained model.
   *
   * @param name of the architecture
   * @param seed of weights, batches and dropout
   * @param model its configuration
   * @param parameters number of parameters
   * @param steps updates made
   * @param bestStep the update whose weights were tested
   * @param trainSeconds time spent in updates
   * @param tokensPerSecond in updates
   * @param losses training loss against examples seen
   * @param validation scores on validation problems during training
   * @param test scores on the test problems
   * @param mixing what the first head of the last layer makes of a prompt
   * @param sample continuations of a prompt
   */
  public record Run(
      String name,
      long seed,
      JsonNode model,
      long parameters,
      long steps,
      long bestStep,
      double trainSeconds,
      double tokensPerSecond,
      List<LossPoint> losses,
      List<ValidationPoint> validation,
      IcllScores test,
      List<Mixing> mixing,
      Sample sample) {}

  /** The mean loss of the updates up to a number of examples seen, in nats per target. */
  public record LossPoint(long examples, double loss) {}

  /** Scores on validation problems after a number of examples seen. */
  public record ValidationPoint(
      long examples, double accuracy, double tvd, double nll, double kl) {}

  /**
   * The mixing matrix of a head along a prompt: how strongly position i takes from position j.
   *
   * @param tokens the prompt
   * @param matrix T rows of T; the norm over channels where a position takes a vector
   */
  public record Mixing(int layer, int head, List<String> tokens, double[][] matrix) {}

  /**
   * A prompt and what the model says comes next.
   *
   * @param prompt its text
   * @param continuation the likeliest symbols, one after the other, up to the first illegal one
   */
  public record Sample(String prompt, List<Symbol> continuation) {}

  /** A symbol, whether the automaton allowed it, and what it allowed. */
  public record Symbol(String symbol, boolean legal, String allowed) {}
}
