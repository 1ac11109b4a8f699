package io.sequencezoo.eval.formal;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sequencezoo.datasets.formal.FormalConfig;
import io.sequencezoo.datasets.formal.FormalData;
import io.sequencezoo.eval.experiment.Alphabet;
import io.sequencezoo.eval.experiment.GeneratedTask;

/**
 * A formal language: one of {@link io.sequencezoo.datasets.formal.FormalLanguage}; sizes are
 * tokens.
 *
 * @param config what determines the data
 */
@JsonTypeName("formal")
public record FormalTask(@JsonValue FormalConfig config) implements GeneratedTask {
  /** Reads what determines the data, and checks that every split has strings of its own. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public FormalTask {
    new FormalData(config);
  }

  @Override
  public FormalData data() {
    return new FormalData(config);
  }

  @Override
  public String name() {
    return "formal_" + config.language().label();
  }

  @Override
  public String title() {
    return "Formal language " + config.language().label();
  }

  @Override
  public Alphabet alphabet() {
    return Alphabet.numbers(vocabulary(), data().inputs());
  }
}
