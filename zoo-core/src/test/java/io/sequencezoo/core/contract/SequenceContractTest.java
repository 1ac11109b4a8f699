package io.sequencezoo.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sequencezoo.core.contract.LeakyIntegrator.Fault;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.opentest4j.TestAbortedException;

/** The contract itself: a sound block keeps every law, and each fault breaks the law against it. */
class SequenceContractTest {

  @ParameterizedTest
  @EnumSource
  void contract_seesTheFault(Fault fault) {
    List<String> broken = new ArrayList<>();
    Map<String, Runnable> laws =
        SequenceContract.laws(new LeakyIntegrator.Config(fault), DataType.DOUBLE);
    laws.forEach(
        (law, check) -> {
          // The round trip needs a registered type, which this one must not be.
          boolean applies = fault == Fault.NONE ? !law.startsWith("8") : law.equals(fault.law());
          if (applies && !holds(check)) {
            broken.add(law);
          }
        });
    if (fault == Fault.NONE) {
      assertThat(broken).isEmpty();
    } else {
      assertThat(broken).containsExactly(fault.law());
    }
  }

  /** What looks both ways is run, and fails, unless the table has a reason for its type. */
  @Test
  void lawThatDoesNotApply_isReportedWithItsReason() {
    MixerConfig sound = new LeakyIntegrator.Config(Fault.NONE);
    assertThatExceptionOfType(TestAbortedException.class)
        .isThrownBy(() -> SequenceContract.laws(sound, DataType.FLOAT).get("5 linearisation").run())
        .withMessageContaining("float");
    Map<String, Runnable> both =
        SequenceContract.laws(new LeakyIntegrator.Config(Fault.LOOKS_BOTH_WAYS), DataType.DOUBLE);
    assertThat(holds(both.get("3 causality"))).isFalse();
  }

  private static boolean holds(Runnable check) {
    try {
      check.run();
      return true;
    } catch (AssertionError e) {
      return false;
    }
  }
}
