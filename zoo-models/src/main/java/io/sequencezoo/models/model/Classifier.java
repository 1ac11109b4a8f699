package io.sequencezoo.models.model;

import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;

/**
 * A classifier of sequences of tokens or numbers: an input, stages, a mean over the sequence or its
 * last token, a linear map to classes.
 *
 * <pre>{@code
 * x_t = E[ids_t], or u_t W_in + b
 * x   = stage_l(x)               for every stage l, usually a Layer
 * p_t = Σ_{s≤t} a_ts x_s         1 for s = t alone, or 1/t, or a softmax of scores of x_s
 * out = norm(p_t) W
 * }</pre>
 *
 * <ul>
 *   <li>{@code ids}: {@code [B, T]} integers, or {@code u}: {@code [B, T, F]}; logits: {@code [B,
 *       T, C]}, those of what was read so far; of whole rows: {@link Model#prefill}, {@code [B, C]}
 *   <li>{@code embedding.weight}: {@code [V, D]}, or {@code input.weight}: {@code [F, D]} and
 *       {@code input.bias}: {@code [D]}; {@code head.weight}: {@code [D, C]}
 *   <li>the mean is a {@link io.sequencezoo.models.vector.Pooling} behind the stages, {@code
 *       layers.L}
 * </ul>
 *
 * <p>A step gives the logits of all tokens up to this one; padding is in no mean. Differs from the
 * paper: the mean may be weighed, and the norm stands behind it.
 */
@Paper(
    key = "gu2021s4",
    title = "Efficiently Modeling Long Sequences with Structured State Spaces",
    authors = "Gu, Goel and Ré 2021",
    arxiv = "2111.00396")
@Source(
    repo = "state-spaces/s4",
    path = "src/tasks/decoders.py",
    commit = "a0c724aae456468a271d5e5fc7415185c83cde71")
public final class Classifier extends LayeredModel<ClassifierConfig> {
  /**
   * The model of a configuration.
   *
   * @throws IllegalArgumentException where a block doesn't fit
   */
  public Classifier(ClassifierConfig config) {
    super(
        config,
        config.input(),
        config.stack().build(),
        new LinearHead(config.width(), config.classes(), Initialisers.fanInUniform()));
  }
}
