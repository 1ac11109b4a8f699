package io.sequencezoo.core.block;

/**
 * A part of a model. It declares its parameters and holds none; a {@link Context} supplies them.
 */
public interface Block {
  /** Declares every parameter of this block and its parts. */
  void declare(Declaration declaration);
}
