package io.sequencezoo.eval.cli;

import io.sequencezoo.train.ConsoleListener;
import io.sequencezoo.train.TrainListener;
import java.io.PrintWriter;

/** How training shows itself: a progress bar on a terminal, plain lines anywhere else. */
final class Terminal {
  private final PrintWriter err;
  private final boolean interactive;

  Terminal(PrintWriter err) {
    this.err = err;
    // The script knows whether standard error is a terminal; Java can't tell alike on 17 and 22+.
    this.interactive = Boolean.getBoolean("zoo.terminal") && System.getenv("CI") == null;
  }

  TrainListener listener(String name) {
    return interactive
        ? new ProgressBarListener(name, System.err, System.getenv("NO_COLOR") == null)
        : new ConsoleListener(name, err::println);
  }
}
