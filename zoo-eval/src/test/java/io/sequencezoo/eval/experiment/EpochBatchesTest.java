package io.sequencezoo.eval.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.IcllConfig;
import io.sequencezoo.datasets.icll.IcllData;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.eval.icll.IcllTask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The training batches: all of the data, in a resumable order. */
final class EpochBatchesTest {
  private static final int EXAMPLES = 70;
  private static final IcllTask TASK = new IcllTask(IcllConfig.regBench(1, EXAMPLES));
  private static final IcllData DATA = TASK.data();

  private static List<String> rows(TokenBatch batch) {
    List<String> rows = new ArrayList<>();
    for (int b = 0; b < batch.rows(); b++) {
      int[] row = batch.ids().getRow(b).toIntVector();
      rows.add(Arrays.toString(Arrays.copyOf(row, batch.lengths()[b])));
    }
    return rows;
  }

  private static List<String> epoch(EpochBatches<TokenBatch> batches) {
    List<String> rows = new ArrayList<>();
    for (long i = 0; i < batches.batchesPerEpoch(); i++) {
      rows.addAll(rows(batches.next()));
    }
    return rows;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8})
  void epoch_hasEveryPromptOnceInANewOrder(int window) {
    EpochBatches<TokenBatch> batches = EpochBatches.ofTokens(TASK, 16, window, 3);
    assertThat(batches.batchesPerEpoch()).isEqualTo(5);
    List<String> first = epoch(batches);
    List<String> second = epoch(batches);
    List<String> prompts =
        DATA.problems(Split.TRAIN).stream()
            .map(p -> Arrays.toString(Arrays.copyOf(p.tokens(), p.length())))
            .toList();
    assertThat(first).containsExactlyInAnyOrderElementsOf(prompts);
    assertThat(second).containsExactlyInAnyOrderElementsOf(prompts).isNotEqualTo(first);
  }

  @Test
  void batch_dependsOnItsPositionAlone() {
    EpochBatches<TokenBatch> straight = EpochBatches.ofTokens(TASK, 16, 2, 3);
    List<List<String>> expected = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      expected.add(rows(straight.next()));
    }
    EpochBatches<TokenBatch> resumed = EpochBatches.ofTokens(TASK, 16, 2, 3);
    for (int i : new int[] {11, 0, 7, 4}) {
      resumed.seek(i);
      assertThat(rows(resumed.next())).isEqualTo(expected.get(i));
      assertThat(resumed.position()).isEqualTo(i + 1);
    }
    assertThat(epoch(EpochBatches.ofTokens(TASK, 16, 2, 4)))
        .isNotEqualTo(epoch(EpochBatches.ofTokens(TASK, 16, 2, 3)));
  }

  @Test
  void targets_areIgnoredBeforeSeparatorsAndAtPads() {
    TokenBatch batch = EpochBatches.ofTokens(TASK, 16, 1, 3).next();
    int separator = DATA.config().vocabulary().separator();
    for (int b = 0; b < batch.rows(); b++) {
      for (int t = 0; t < batch.steps(); t++) {
        int next = t + 1 < batch.lengths()[b] ? batch.ids().getInt(b, t + 1) : -1;
        int target = batch.targets().getInt(b, t);
        if (t >= batch.lengths()[b] || next == separator) {
          assertThat(target).isEqualTo(TokenBatch.IGNORED);
        } else if (next >= 0) {
          assertThat(target).isEqualTo(next);
        } else {
          assertThat(target).isBetween(1, 18);
        }
      }
    }
    assertThat(Problem.IGNORED).isEqualTo(TokenBatch.IGNORED);
  }

  @Test
  void batch_survivesTheTapeItWasMadeIn() {
    EpochBatches<TokenBatch> batches = EpochBatches.ofTokens(TASK, 16, 1, 3);
    TokenBatch batch;
    try (Tape tape = Tape.training()) {
      assertThat(tape.isRecording()).isTrue();
      batch = batches.next();
    }
    assertThat(batch.ids().isAttached()).isFalse();
    assertThat(batch.targets().isAttached()).isFalse();
  }

  @Test
  void windows_savePadding() {
    IcllTask task = new IcllTask(IcllConfig.regBench(1, 1000));
    assertThat(EpochBatches.ofTokens(task, 32, 1, 3).padding(0)).isGreaterThan(0.3);
    assertThat(EpochBatches.ofTokens(task, 32, 8, 3).padding(0)).isLessThan(0.12);
  }

  @Test
  void dataHash_tellsWhatChangesTheBatches() {
    assertThat(
            List.of(
                EpochBatches.ofTokens(TASK, 16, 2, 3).dataHash(),
                EpochBatches.ofTokens(TASK, 8, 2, 3).dataHash(),
                EpochBatches.ofTokens(TASK, 16, 1, 3).dataHash(),
                EpochBatches.ofTokens(TASK, 16, 2, 4).dataHash()))
        .doesNotHaveDuplicates();
    assertThat(EpochBatches.ofTokens(TASK, 16, 2, 3).dataHash())
        .isEqualTo(EpochBatches.ofTokens(TASK, 16, 2, 3).dataHash());
  }

  @Test
  void impossibleSizes_areRefused() {
    assertThatThrownBy(() -> EpochBatches.ofTokens(TASK, 0, 1, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("batches: batch must be at least 1, got 0");
    assertThatThrownBy(() -> EpochBatches.ofTokens(TASK, 1, 0, 3))
        .hasMessage("batches: window must be at least 1, got 0");
    assertThatThrownBy(() -> EpochBatches.ofTokens(TASK, 1, 1, 3).seek(-1))
        .hasMessage("batches: position must be at least 0, got -1");
  }
}
