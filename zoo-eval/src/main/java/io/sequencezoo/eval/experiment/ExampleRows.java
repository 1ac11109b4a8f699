package io.sequencezoo.eval.experiment;

import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/** Examples as right-padded rows, outside every workspace. */
public final class ExampleRows {
  private ExampleRows() {}

  /** A batch as long as its longest example. */
  // NullAway 0.12.10 misses @Nullable on an array that a compact constructor takes.
  @SuppressWarnings("NullAway")
  public static TokenBatch batch(List<SyntheticData.Example> examples) {
    int[] lengths = examples.stream().mapToInt(example -> example.tokens().length).toArray();
    int steps = Arrays.stream(lengths).max().orElseThrow();
    int[][] ids = new int[lengths.length][];
    int[][] targets = new int[lengths.length][];
    for (int b = 0; b < lengths.length; b++) {
      ids[b] = Arrays.copyOf(examples.get(b).tokens(), steps);
      targets[b] = Arrays.copyOf(examples.get(b).labels(), steps);
      Arrays.fill(targets[b], lengths[b], steps, TokenBatch.IGNORED);
    }
    boolean full = Arrays.stream(lengths).allMatch(length -> length == steps);
    try (MemoryWorkspace none = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return new TokenBatch(
          Nd4j.createFromArray(ids), Nd4j.createFromArray(targets), full ? null : lengths);
    }
  }
}
