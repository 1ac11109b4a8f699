package io.sequencezoo.core.block;

import io.sequencezoo.core.dynamics.Recurrence;

/** A parametrisation whose name, width and recurrence are known from the start. */
public abstract class AbstractParametrisation implements Parametrisation {
  /** D, the width of input and output. */
  protected final int width;

  private final String name;
  private final Recurrence recurrence;

  /**
   * A parametrisation.
   *
   * @param name the type name of its configuration
   * @param width D
   * @param recurrence the system that is driven
   */
  protected AbstractParametrisation(String name, int width, Recurrence recurrence) {
    this.name = name;
    this.width = width;
    this.recurrence = recurrence;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final int width() {
    return width;
  }

  @Override
  public final Recurrence recurrence() {
    return recurrence;
  }
}
