package io.sequencezoo.eval.algorithmic;

import io.sequencezoo.datasets.synthetic.AlgorithmicConfig;
import io.sequencezoo.datasets.synthetic.AlgorithmicTask;
import io.sequencezoo.eval.experiment.TaskCatalog;
import java.util.List;

/** Registers the algorithmic tasks. */
public final class AlgorithmicCatalog implements TaskCatalog {
  @Override
  public List<Entry> entries() {
    return List.of(
        entry(AlgorithmicTask.COPY, "write digits once more; tested on longer ones"),
        entry(AlgorithmicTask.REVERSE, "write digits backwards; tested on longer ones"),
        entry(AlgorithmicTask.ADDITION, "add two numbers; tested on longer ones"));
  }

  private static Entry entry(AlgorithmicTask task, String summary) {
    return new Entry(new DigitsTask(AlgorithmicConfig.standard(task)), summary);
  }
}
