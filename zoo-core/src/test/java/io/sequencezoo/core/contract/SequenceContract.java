package io.sequencezoo.core.contract;

import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.opentest4j.TestAbortedException;

/**
 * The laws that every sequence mixer keeps with every solver that its recurrence claims. Laws of
 * declarations, of the round trip and of the linear form don't depend on a solver.
 *
 * <pre>{@code
 * SequenceContract.laws(config, DataType.DOUBLE).forEach((law, check) -> check.run());
 * }</pre>
 *
 * <p>A law that doesn't apply is there all the same, and aborts with the reason that {@link
 * Exemption} has for it: the report shows it as skipped.
 */
public final class SequenceContract {
  /** Every law, in order. */
  static final List<Law> LAWS =
      List.of(
          Law.ofStates("1 step = sequence", SequenceLaws::stepEqualsSequence),
          Law.ofStates("1 step = sequence after NaN", NonFiniteLaws::stepEqualsSequence),
          Law.ofStates("2 hand-over", SequenceLaws::handOver),
          Law.ofStates("2 streaming through files", StreamingLaws::throughFiles),
          Law.ofStates("3 causality", SequenceLaws::causality),
          Law.ofAll("4 gradients of padded rows", GradientLaws::paddedRowsAddUp),
          Law.ofStates("4 gradients through the state", GradientLaws::chainedPartsDifferentiate),
          Law.ofAll("4 gradients show NaN", NonFiniteLaws::gradientsShowNaN),
          Law.ofAll("4 gradients = differences", GradientLaws::differences).inDouble(),
          Law.ofStates("5 linearisation", LinearisationLaw::check).inDouble(),
          Law.ofAll("6 rows are independent", SequenceLaws::rowsAreIndependent),
          Law.ofAll("6 padding changes nothing", SequenceLaws::paddingChangesNothing),
          Law.ofAll("6 padding holds anything", NonFiniteLaws::paddingHoldsAnything),
          Law.ofStates("6 padded states continue", SequenceLaws::paddedStatesContinue),
          Law.ofAll("6 packed sequences", PackingLaws::packedIsAlone),
          Law.ofStates("6 packed sequences continue", PackingLaws::packedContinue),
          Law.ofAll("7 determinism", ReproducibilityLaws::threadsChangeNoBit),
          Law.ofAll("8 round trip", ReproducibilityLaws::roundTrip),
          Law.ofAll("9 declared state bytes", DeclarationLaws::stateBytes),
          Law.ofStates("9 declared bytes of later states", DeclarationLaws::laterStateBytes),
          Law.ofAll("9 declared parameters", DeclarationLaws::parametersAreUsed),
          Law.ofAll("9 declared cost", DeclarationLaws::cost),
          Law.ofAll("10 poisoned memory", ReproducibilityLaws::poisonChangesNoBit),
          Law.ofStates("10 reproducible steps", ReproducibilityLaws::stepsAreReproducible),
          Law.ofStates("10 repeated steps", ReproducibilityLaws::startingOverChangesNoBit));

  private SequenceContract() {}

  /** The laws of a configuration in one precision, by name, each ready to run. */
  public static Map<String, Runnable> laws(MixerConfig config, DataType type) {
    Map<String, Runnable> bound = new LinkedHashMap<>();
    for (Law law : LAWS) {
      bound.put(law.name(), () -> run(law, config, type));
    }
    return bound;
  }

  private static void run(Law law, MixerConfig config, DataType type) {
    if (law.doubleOnly() && type != DataType.DOUBLE) {
      throw new TestAbortedException(Exemption.IN_FLOAT);
    }
    MixerSubject subject = MixerSubject.of(config, type);
    Parametrisation block = subject.parametrisation();
    if (law.needsState() && block.isBidirectional()) {
      Exemption.find(block.name())
          .ifPresent(
              exemption -> {
                throw new TestAbortedException(exemption.reason());
              });
    }
    law.check().accept(subject);
  }

  /**
   * One law.
   *
   * @param needsState whether it is about what goes from one part of a sequence to the next
   * @param doubleOnly whether float is too coarse for it
   */
  record Law(String name, boolean needsState, boolean doubleOnly, Consumer<MixerSubject> check) {
    static Law ofAll(String name, Consumer<MixerSubject> check) {
      return new Law(name, false, false, check);
    }

    static Law ofStates(String name, Consumer<MixerSubject> check) {
      return new Law(name, true, false, check);
    }

    Law inDouble() {
      return new Law(name, needsState, true, check);
    }
  }
}
