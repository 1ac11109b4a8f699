package io.sequencezoo.models.model;

/**
 * A model that is its parts.
 *
 * @param <C> its configuration
 */
public abstract class LayeredModel<C extends ModelConfig> implements Model {
  private final C config;
  private final Input input;
  private final Stack stack;
  private final Head head;

  /** A model of these. */
  LayeredModel(C config, Input input, Stack stack, Head head) {
    this.config = config;
    this.input = input;
    this.stack = stack;
    this.head = head;
  }

  @Override
  public final C config() {
    return config;
  }

  @Override
  public final Input input() {
    return input;
  }

  @Override
  public final Stack stack() {
    return stack;
  }

  @Override
  public final Head head() {
    return head;
  }
}
