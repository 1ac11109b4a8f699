package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ConsoleListenerTest {
  @Test
  void lines_comeEveryFiveSecondsAndAtTheEnd() {
    List<String> lines = new ArrayList<>();
    AtomicLong clock = new AtomicLong();
    ConsoleListener listener = new ConsoleListener("gla", lines::add, clock::get);
    listener.started(new TrainListener.Start(10, 0, 12345));
    for (long step = 1; step <= 10; step++) {
      clock.addAndGet(2_000_000_000L);
      listener.stepped(
          new TrainListener.Step(step, 10, 600, 600 * step, 1.5, 1e-3, 2, 2, 4, Map.of()));
    }
    listener.evaluated(
        new History.Evaluated(10, 6000, new Evaluation(0.5, Map.of("loss", 0.5))), true);
    listener.finished(
        new TrainResult(
            TrainResult.End.FINISHED, 10, 6000, 10, 0.5, new History(List.of(), List.of())));
    assertThat(lines)
        .containsExactly(
            "gla  12,345 parameters, 10 steps",
            "gla  step 3/10  loss 1.5000  lr 1.00e-03  norm 2.000  300 tokens/s  0:14 left",
            "gla  step 6/10  loss 1.5000  lr 1.00e-03  norm 2.000  300 tokens/s  0:08 left",
            "gla  step 9/10  loss 1.5000  lr 1.00e-03  norm 2.000  300 tokens/s  0:02 left",
            "gla  step 10/10  loss 1.5000  lr 1.00e-03  norm 2.000  300 tokens/s  0:00 left",
            "gla  step 10  validation  loss 0.5000  (best)",
            "gla  finished after 10 steps, best at step 10");
  }
}
