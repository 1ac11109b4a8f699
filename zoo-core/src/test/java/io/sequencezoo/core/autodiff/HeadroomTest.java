package io.sequencezoo.core.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sequencezoo.core.kernel.Memory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.factory.Nd4j;

/** A step asks for what it takes, and for what ND4J's workspace takes when it ends. */
class HeadroomTest {
  private static final long[] SHAPE = {8, 1 << 20};
  private static final long BYTES = 32L << 20;

  @AfterEach
  void noLimit() {
    System.clearProperty(Memory.LIMIT_PROPERTY);
  }

  @Test
  void firstStep_asksForATenthOfWhatItHasTaken() {
    System.setProperty(Memory.LIMIT_PROPERTY, Long.toString(BYTES * 3 / 2));
    Headroom headroom = new Headroom();
    try (MemoryWorkspace workspace = workspace(0)) {
      for (int i = 0; i < 5; i++) {
        headroom.take(workspace, DataType.FLOAT, SHAPE);
      }
      // Six arrays: their tenths, and the sixth.
      assertThatIllegalArgumentException()
          .isThrownBy(() -> headroom.take(workspace, DataType.FLOAT, SHAPE))
          .withMessageStartingWith(
              "tape: an array of shape [8, 1048576]: must fit the %s bytes of memory that are"
                  + " free, got %s;",
              BYTES * 3 / 2, BYTES + BYTES * 6 / 10);
    }
  }

  @Test
  void laterSteps_andArraysWithoutAWorkspace_askForThemselves() {
    System.setProperty(Memory.LIMIT_PROPERTY, Long.toString(BYTES));
    try (MemoryWorkspace workspace = workspace(1024)) {
      assertThat(workspace.getCurrentSize()).isPositive();
      for (MemoryWorkspace where : new MemoryWorkspace[] {workspace, null}) {
        Headroom headroom = new Headroom();
        for (int i = 0; i < 20; i++) {
          assertThatCode(() -> headroom.take(where, DataType.FLOAT, SHAPE))
              .doesNotThrowAnyException();
        }
      }
    }
  }

  /** What ND4J does that is asked for. */
  @Test
  void workspace_isATenthLargerThanItsFirstStep() {
    MemoryWorkspace[] workspace = new MemoryWorkspace[1];
    Thread other =
        new Thread(
            () -> {
              try (Tape tape = Tape.training()) {
                tape.allocate(DataType.FLOAT, 1000, 1000);
                workspace[0] = Nd4j.getMemoryManager().getCurrentWorkspace();
                assertThat(workspace[0].getCurrentSize()).isZero();
              }
            });
    other.start();
    try {
      other.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    double bytes = 4e6;
    assertThat((double) workspace[0].getCurrentSize())
        .isBetween(bytes, (1 + Headroom.OVERALLOCATION) * bytes + 4096);
    assertThat((double) workspace[0].getCurrentSize()).isGreaterThan(1.09 * bytes);
  }

  private static MemoryWorkspace workspace(long size) {
    WorkspaceConfiguration configuration =
        WorkspaceConfiguration.builder().initialSize(size).build();
    return Nd4j.getWorkspaceManager().createNewWorkspace(configuration, "headroom-" + size);
  }
}
