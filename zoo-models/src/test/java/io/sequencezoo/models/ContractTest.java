package io.sequencezoo.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.contract.Exemption;
import io.sequencezoo.core.contract.FeedForwardContract;
import io.sequencezoo.core.contract.KernelRun;
import io.sequencezoo.core.contract.MixerSubject;
import io.sequencezoo.core.contract.SequenceContract;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.models.memory.TitansConfig;
import io.sequencezoo.models.model.ModelLaws;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Every registered block with every example keeps every law, in double and in float; those whose
 * memories learn in {@link MemoryContractTest}, which runs beside this one.
 */
class ContractTest {

  @TestFactory
  Stream<DynamicNode> everyBlock_keepsTheLaws() {
    return blocks(false);
  }

  /** Those whose memories learn, or all others. */
  static Stream<DynamicNode> blocks(boolean learning) {
    return Registry.get().entries().entrySet().stream()
        .filter(entry -> learns(entry.getValue()) == learning)
        .map(entry -> block(entry));
  }

  private static boolean learns(Catalog.Entry entry) {
    String family = TitansConfig.class.getPackageName();
    return entry.config().getPackageName().equals(family);
  }

  /** No block escapes a law of states but those that say why, and none of these for nothing. */
  @Test
  void exemptions_areThoseThatLookBothWays() {
    Set<String> bothWays = new TreeSet<>();
    Registry.get()
        .entries()
        .forEach(
            (type, entry) ->
                entry.examples().stream()
                    .filter(config -> config instanceof MixerConfig)
                    .map(config -> MixerSubject.of((MixerConfig) config, DataType.FLOAT))
                    .filter(subject -> subject.isBidirectional())
                    .forEach(subject -> bothWays.add(type)));
    assertThat(Exemption.all())
        .extracting(Exemption::type)
        .containsExactlyInAnyOrderElementsOf(bothWays);
  }

  private static DynamicNode block(Map.Entry<String, Catalog.Entry> entry) {
    List<DynamicNode> tests = new ArrayList<>();
    List<? extends BlockConfig> examples = entry.getValue().examples();
    assertThat(examples).as("%s: examples for the contract", entry.getKey()).isNotEmpty();
    for (BlockConfig config : examples) {
      assertThat(config).isInstanceOf(entry.getValue().config());
      for (DataType type : KernelRun.types()) {
        laws(config, type)
            .forEach(
                (law, check) ->
                    tests.add(
                        DynamicTest.dynamicTest(config + " " + type + ": " + law, check::run)));
      }
    }
    return DynamicContainer.dynamicContainer(entry.getKey(), tests);
  }

  private static Map<String, Runnable> laws(BlockConfig config, DataType type) {
    return Kinds.choose(
        config,
        mixer -> SequenceContract.laws(mixer, type),
        feedForward -> FeedForwardContract.laws(feedForward, type),
        model -> ModelLaws.laws(model, type));
  }
}
