package io.sequencezoo.eval.cli;

import io.sequencezoo.train.History;
import io.sequencezoo.train.TrainListener;
import io.sequencezoo.train.TrainResult;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Shows a training run as a bar with time left, tokens per second, loss and the last validation.
 * For terminals; elsewhere use {@link io.sequencezoo.train.ConsoleListener}.
 */
final class ProgressBarListener implements TrainListener {
  private static final int UPDATE_MILLIS = 200;

  /** Weight of the past in the shown rate and loss: about the last 50 steps. */
  private static final double MEMORY = 0.98;

  private final String name;
  private final PrintStream terminal;
  private final boolean color;
  private @Nullable ProgressBar bar;
  private double secondsPerStep;
  private double tokensPerStep;
  private double loss;
  private double weight;
  private String validation = "";

  /**
   * A bar.
   *
   * @param name of the run, before the bar
   * @param terminal where it is drawn
   * @param color whether the terminal wants colour
   */
  ProgressBarListener(String name, PrintStream terminal, boolean color) {
    this.name = name;
    this.terminal = terminal;
    this.color = color;
  }

  @Override
  public void started(Start start) {
    bar =
        new ProgressBarBuilder()
            .setTaskName(name)
            .setInitialMax(start.steps())
            .startsFrom(start.resumedStep(), Duration.ZERO)
            .setStyle(
                color ? ProgressBarStyle.COLORFUL_UNICODE_BLOCK : ProgressBarStyle.UNICODE_BLOCK)
            .setUpdateIntervalMillis(UPDATE_MILLIS)
            .setConsumer(new ConsoleProgressBarConsumer(terminal))
            .build();
  }

  @Override
  public void stepped(Step step) {
    weight = MEMORY * weight + (1 - MEMORY);
    secondsPerStep = MEMORY * secondsPerStep + (1 - MEMORY) * step.seconds();
    tokensPerStep = MEMORY * tokensPerStep + (1 - MEMORY) * step.tokens();
    loss = MEMORY * loss + (1 - MEMORY) * step.loss();
    if (bar != null) {
      bar.setExtraMessage(message()).stepTo(step.step());
    }
  }

  @Override
  public void evaluated(History.Evaluated evaluated, boolean best) {
    validation =
        String.format(
            Locale.ROOT, "  val %.4f%s", evaluated.evaluation().score(), best ? " (best)" : "");
    if (bar != null) {
      bar.setExtraMessage(message());
    }
  }

  @Override
  public void finished(TrainResult result) {
    close();
  }

  @Override
  public void failed(RuntimeException cause) {
    close();
  }

  private void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }

  private String message() {
    return String.format(
        Locale.ROOT,
        " %,.0f tokens/s  loss %.4f%s",
        tokensPerStep / Math.max(1e-9, secondsPerStep),
        loss / weight,
        validation);
  }
}
