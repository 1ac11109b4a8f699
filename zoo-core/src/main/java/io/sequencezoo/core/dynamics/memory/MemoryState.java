package io.sequencezoo.core.dynamics.memory;

/** What the parts of a memory's state are called beside its weights. */
final class MemoryState {
  /** What the optimiser carries for a part: {@code S_W}. */
  static final String CARRIED = "S_";

  /** A part where gradients are taken: {@code base_W}. */
  static final String BASE = "base_";

  /** Tokens that a window still sees: {@code past_k}. */
  static final String PAST = "past_";

  private MemoryState() {}
}
