package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.train.Evaluation;
import io.sequencezoo.train.History;
import io.sequencezoo.train.TrainListener;
import io.sequencezoo.train.TrainResult;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressBarListenerTest {
  @Test
  void bar_showsRateLossAndValidationWithoutColour() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream terminal = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    ProgressBarListener listener = new ProgressBarListener("gla", terminal, false);
    listener.started(new TrainListener.Start(10, 4, 100));
    for (long step = 5; step <= 10; step++) {
      listener.stepped(
          new TrainListener.Step(step, 10, 600, 600 * step, 1.5, 1e-3, 2, 0.5, 1, Map.of()));
    }
    listener.evaluated(
        new History.Evaluated(10, 6000, new Evaluation(0.5, Map.of("loss", 0.5))), true);
    listener.finished(
        new TrainResult(
            TrainResult.End.FINISHED, 10, 6000, 10, 0.5, new History(List.of(), List.of())));
    String text = bytes.toString(StandardCharsets.UTF_8);
    assertThat(text).contains("gla", "10/10", "100%").doesNotContain("\u001b[3");
  }
}
