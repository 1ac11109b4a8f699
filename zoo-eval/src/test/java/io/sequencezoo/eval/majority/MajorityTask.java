package io.sequencezoo.eval.majority;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.experiment.Baselines;
import io.sequencezoo.eval.experiment.TaskCatalog;
import io.sequencezoo.eval.experiment.TokenTask;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Whether most bits so far are ones: the example of a task that is added, in one file.
 *
 * @param length T, odd or not; a tie counts as no
 * @param trainExamples number of training examples
 */
@JsonTypeName("majority")
public record MajorityTask(int length, int trainExamples) implements TokenTask {
  private static final int HELD_OUT = 40;
  private static final int MOST = 1_000_000;

  /** Checks the sizes. */
  public MajorityTask {
    checkSize("length", length);
    checkSize("trainExamples", trainExamples);
  }

  private static void checkSize(String name, int size) {
    checkArgument(
        size >= 1 && size <= MOST,
        "majority: %s must be between 1 and %s, got %s",
        name,
        MOST,
        size);
  }

  /** Registers the task. */
  public static final class Catalog implements TaskCatalog {
    @Override
    public List<Entry> entries() {
      return List.of(new Entry(new MajorityTask(15, 1000), "whether most bits so far are ones"));
    }
  }

  @Override
  public String name() {
    return "majority";
  }

  @Override
  public String title() {
    return "Majority";
  }

  @Override
  public String subtitle() {
    return length + " bits, " + trainExamples + " training examples";
  }

  @Override
  public int vocabulary() {
    return 2;
  }

  @Override
  public int examples(Split split) {
    return split == Split.TRAIN ? trainExamples : HELD_OUT;
  }

  @Override
  public int length(Split split, int index) {
    return length;
  }

  @Override
  public TokenBatch batch(Split split, List<Integer> indices) {
    int[][] bits = indices.stream().map(index -> bits(split, index)).toArray(int[][]::new);
    int[][] answers = Arrays.stream(bits).map(MajorityTask::answers).toArray(int[][]::new);
    return new TokenBatch(Nd4j.createFromArray(bits), Nd4j.createFromArray(answers), null);
  }

  private int[] bits(Split split, int index) {
    return new SplittableRandom(31L * index + split.label().hashCode())
        .ints(length, 0, 2)
        .toArray();
  }

  private static int[] answers(int[] bits) {
    int[] answers = new int[bits.length];
    int ones = 0;
    for (int t = 0; t < bits.length; t++) {
      ones += bits[t];
      answers[t] = 2 * ones > t + 1 ? 1 : 0;
    }
    return answers;
  }

  @Override
  public String hash(Split split) {
    return this + " " + split;
  }

  @Override
  public Baselines baselines() {
    return Baselines.chance(0.5, length);
  }
}
