package io.sequencezoo.core.contract;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/** Something that may work, or else is to be refused in one line that a user can act upon. */
@FunctionalInterface
public interface Attempt {
  /** Does it. */
  void run() throws Exception;

  /** What is wrong with how an attempt ends; nothing where it works or is refused as it should. */
  static Optional<String> fault(Attempt attempt) {
    try {
      attempt.run();
      return Optional.empty();
    } catch (Exception | StackOverflowError | OutOfMemoryError e) {
      return isRefusal(e) ? Optional.empty() : Optional.of(describe(e));
    }
  }

  /** An IllegalArgumentException of ours, not one of a library's, or what reading files throws. */
  private static boolean isRefusal(Throwable e) {
    boolean ours =
        e.getClass() == IllegalArgumentException.class
            || e instanceof IOException
            || e instanceof UncheckedIOException
            || (e instanceof IllegalArgumentException
                && e.getClass().getName().startsWith("io.sequencezoo."));
    String message = e.getMessage();
    return ours
        && message != null
        && message.contains(" ")
        && message.lines().count() == 1
        && !message.contains("com.fasterxml")
        && !message.contains("java.lang.");
  }

  private static String describe(Throwable e) {
    StackTraceElement[] trace = e.getStackTrace();
    StringBuilder text = new StringBuilder(e.toString());
    for (int i = 0; i < Math.min(6, trace.length); i++) {
      text.append("\n      at ").append(trace[i]);
    }
    return text.toString();
  }
}
