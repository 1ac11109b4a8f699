package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;

/**
 * A language model: embeddings, stages, logits of the next token.
 *
 * <pre>{@code
 * x   = E[ids] (+ P[position])
 * x   = stage_l(x)             for every stage l, usually a Layer
 * out = norm(x) W              W = Eᵀ where tied
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
public final class LanguageModel implements TokenModel {
  private final LanguageModelConfig config;
  private final Input input;
  private final Stack stack;
  private final Head head;

  /**
   * The model of a configuration.
   *
   * @throws IllegalArgumentException where a block doesn't fit, or the vocabulary is absent
   */
  public LanguageModel(LanguageModelConfig config) {
    checkArgument(
        config.vocabulary() != 0,
        "language_model: vocabulary must be known, got none; set it or use withVocabulary");
    Initialiser normal = Initialisers.normal(config.initStd());
    int width = config.width();
    TokenInput tokens =
        new TokenInput(config.vocabulary(), width, config.maxPositions(), config.dropout(), normal);
    this.config = config;
    this.input = tokens;
    this.stack = config.stack().build();
    this.head =
        config.tiedEmbeddings()
            ? tokens.tiedHead()
            : new LinearHead(width, config.vocabulary(), normal);
  }

  @Override
  public LanguageModelConfig config() {
    return config;
  }

  @Override
  public int vocabulary() {
    return config.vocabulary();
  }

  @Override
  public Input input() {
    return input;
  }

  @Override
  public Stack stack() {
    return stack;
  }

  @Override
  public Head head() {
    return head;
  }
}
