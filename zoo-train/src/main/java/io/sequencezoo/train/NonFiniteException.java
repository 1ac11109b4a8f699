package io.sequencezoo.train;

/** A loss or gradient became infinite or NaN. The parameters are those before the step. */
public final class NonFiniteException extends ArithmeticException {
  private static final long serialVersionUID = 1L;

  private final long step;
  private final String where;

  NonFiniteException(String message, long step, String where) {
    super(message);
    this.step = step;
    this.where = where;
  }

  /** The update, from 1, that couldn't be made. */
  public long step() {
    return step;
  }

  /** The parameter or operation where it appeared. */
  public String where() {
    return where;
  }
}
