package io.sequencezoo.core.contract;

import io.sequencezoo.core.registry.MixerConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The laws that every sequence mixer keeps with every solver that its recurrence claims.
 *
 * <pre>{@code
 * SequenceContract.laws(config, DataType.DOUBLE).forEach((law, check) -> check.run());
 * }</pre>
 */
public final class SequenceContract {
  private SequenceContract() {}

  /** The laws of a configuration in one precision, by name, each ready to run. */
  public static Map<String, Runnable> laws(MixerConfig config, DataType type) {
    Map<String, Consumer<MixerSubject>> laws = new LinkedHashMap<>();
    laws.put("1 step = sequence", SequenceLaws::stepEqualsSequence);
    laws.put("1 step = sequence after NaN", NonFiniteLaws::stepEqualsSequence);
    laws.put("2 hand-over", SequenceLaws::handOver);
    laws.put("2 streaming through files", StreamingLaws::throughFiles);
    laws.put("3 causality", SequenceLaws::causality);
    laws.put("4 gradients of padded rows", GradientLaws::paddedRowsAddUp);
    laws.put("4 gradients through the state", GradientLaws::chainedPartsDifferentiate);
    laws.put("4 gradients show NaN", NonFiniteLaws::gradientsShowNaN);
    if (type == DataType.DOUBLE) {
      laws.put("4 gradients = differences", GradientLaws::differences);
      laws.put("5 linearisation", LinearisationLaw::check);
    }
    laws.put("6 rows are independent", SequenceLaws::rowsAreIndependent);
    laws.put("6 padding changes nothing", SequenceLaws::paddingChangesNothing);
    laws.put("6 padding holds anything", NonFiniteLaws::paddingHoldsAnything);
    laws.put("6 packed sequences", PackingLaws::packedIsAlone);
    laws.put("7 determinism", ReproducibilityLaws::threadsChangeNoBit);
    laws.put("8 round trip", ReproducibilityLaws::roundTrip);
    laws.put("9 declared state bytes", DeclarationLaws::stateBytes);
    laws.put("9 declared parameters", DeclarationLaws::parametersAreUsed);
    laws.put("9 declared cost", DeclarationLaws::cost);
    laws.put("10 poisoned memory", ReproducibilityLaws::poisonChangesNoBit);
    Map<String, Runnable> bound = new LinkedHashMap<>();
    laws.forEach((name, law) -> bound.put(name, () -> law.accept(MixerSubject.of(config, type))));
    return bound;
  }
}
