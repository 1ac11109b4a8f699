package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;

/**
 * A language model: embeddings, stages, logits of the next token.
 *
 * <pre>{@code
 * x   = E[ids] (+ P[position])
 * x   = stage_l(x)             for every stage l, usually a Layer
 * out = norm(x) W              W = Eᵀ where tied; optionally c tanh(out / c)
 * }</pre>
 *
 * <ul>
 *   <li>{@code ids}: {@code [B, T]} integers; logits: {@code [B, T, V]}
 *   <li>{@code embedding.weight}: {@code [V, D]}; {@code positions.weight}: {@code [P, D]} or none;
 *       {@code head.weight}: {@code [D, V]} where not tied
 * </ul>
 */
@Paper(
    key = "radford2019gpt2",
    title = "Language Models are Unsupervised Multitask Learners",
    authors = "Radford et al. 2019")
@Source(
    repo = "Lightning-AI/litgpt",
    path = "litgpt/model.py",
    commit = "26857050fe3ff627cd714fe92f5838f51a3d5efa")
public final class LanguageModel extends LayeredModel<LanguageModelConfig> implements TokenModel {
  /**
   * The model of a configuration.
   *
   * @throws IllegalArgumentException where a block doesn't fit, or the vocabulary is absent
   */
  public LanguageModel(LanguageModelConfig config) {
    this(config, input(config));
  }

  private LanguageModel(LanguageModelConfig config, TokenInput tokens) {
    super(config, tokens, config.stack().build(), head(config, tokens));
  }

  private static Head head(LanguageModelConfig config, TokenInput tokens) {
    Head logits =
        config.tiedEmbeddings()
            ? tokens.tiedHead()
            : new LinearHead(tokens.width(), tokens.vocabulary(), tokens.initialiser());
    return config.logitCap() == 0 ? logits : new CappedHead(logits, config.logitCap());
  }

  private static TokenInput input(LanguageModelConfig config) {
    checkArgument(
        config.vocabulary() != 0,
        "language_model: vocabulary must be known, got none; set it or use withVocabulary");
    return new TokenInput(
        config.vocabulary(),
        config.width(),
        config.maxPositions(),
        config.dropout(),
        Initialisers.normal(config.initStd()));
  }

  /** With the logits. */
  @Override
  public long multiplyAddsPerToken(int position) {
    return stack().multiplyAddsPerToken(position) + (long) vocabulary() * config().width();
  }

  @Override
  public int vocabulary() {
    return config().vocabulary();
  }
}
