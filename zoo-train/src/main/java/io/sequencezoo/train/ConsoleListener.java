package io.sequencezoo.train;

import java.time.Duration;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Says now and then in one line how training goes; for logs and pipes, without control codes. */
public final class ConsoleListener implements TrainListener {
  private static final Duration INTERVAL = Duration.ofSeconds(5);

  private final String name;
  private final Consumer<String> lines;
  private final LongSupplier nanos;
  private long lastNanos;
  private long tokensSince;
  private long stepsSince;

  /**
   * A listener that says a line every five seconds.
   *
   * @param name of the run, before every line
   * @param lines where lines go
   */
  public ConsoleListener(String name, Consumer<String> lines) {
    this(name, lines, System::nanoTime);
  }

  ConsoleListener(String name, Consumer<String> lines, LongSupplier nanos) {
    this.name = name;
    this.lines = lines;
    this.nanos = nanos;
  }

  @Override
  public void started(Start start) {
    lastNanos = nanos.getAsLong();
    say(
        start.resumedStep() == 0
            ? text("%,d parameters, %,d steps", start.parameters(), start.steps())
            : text(
                "%,d parameters, resumed after step %d of %d",
                start.parameters(), start.resumedStep(), start.steps()));
  }

  @Override
  public void stepped(Step step) {
    tokensSince += step.tokens();
    stepsSince++;
    long now = nanos.getAsLong();
    double seconds = (now - lastNanos) * 1e-9;
    boolean last = step.step() == step.steps();
    if (seconds < INTERVAL.toSeconds() && !last) {
      return;
    }
    double left = (step.steps() - step.step()) * seconds / stepsSince;
    say(
        text(
            "step %d/%d  loss %.4f%s  lr %.2e  norm %.3f  %,.0f tokens/s  %s left",
            step.step(),
            step.steps(),
            step.loss(),
            auxiliary(step),
            step.learningRate(),
            step.gradientNorm(),
            tokensSince / Math.max(1e-9, seconds),
            clock(left)));
    lastNanos = now;
    tokensSince = 0;
    stepsSince = 0;
  }

  @Override
  public void evaluated(History.Evaluated evaluated, boolean best) {
    StringJoiner metrics = new StringJoiner("  ");
    evaluated
        .evaluation()
        .metrics()
        .forEach((metric, value) -> metrics.add(text("%s %.4f", metric, value)));
    say(text("step %d  validation  %s%s", evaluated.step(), metrics, best ? "  (best)" : ""));
  }

  @Override
  public void finished(TrainResult result) {
    String best = result.bestStep() < 0 ? "" : text(", best at step %d", result.bestStep());
    say(
        switch (result.end()) {
              case FINISHED -> text("finished after %d steps", result.steps());
              case STOPPED_EARLY -> text("stopped early after %d steps", result.steps());
              case STOPPED -> text("stopped on request after %d steps", result.steps());
            }
            + best);
  }

  private void say(String text) {
    lines.accept(name + "  " + text);
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static String auxiliary(Step step) {
    StringBuilder text = new StringBuilder();
    step.auxiliary().forEach((name, loss) -> text.append(text("  %s %.4f", name, loss)));
    return text.toString();
  }

  private static String clock(double seconds) {
    long whole = Math.round(seconds);
    return whole >= 3600
        ? text("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
        : text("%d:%02d", whole / 60, whole % 60);
  }
}
