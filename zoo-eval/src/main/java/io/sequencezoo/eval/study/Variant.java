package io.sequencezoo.eval.study;

import io.sequencezoo.eval.experiment.Treatment;
import io.sequencezoo.models.model.LayeredConfig;
import java.util.List;

/**
 * A model of a study.
 *
 * @param label how it is shown
 * @param changes the names of the changes that it has
 * @param model the model, at the study's budget
 * @param treatment how it is trained unlike others
 */
public record Variant(
    String label, List<String> changes, LayeredConfig model, Treatment treatment) {
  /** Copies the names. */
  public Variant {
    changes = List.copyOf(changes);
  }

  /** A variant that is trained as all others are. */
  Variant(String label, List<String> changes, LayeredConfig model) {
    this(label, changes, model, Treatment.STANDARD);
  }

  /** Whether it is there to tell what chance does. */
  boolean isControl() {
    return treatment.removed() != 0 || treatment.redrawn();
  }

  /** The same with so many updates. */
  Variant withSteps(long steps) {
    return new Variant(
        label, changes, model, new Treatment(steps, treatment.removed(), treatment.redrawn()));
  }

  /** The number of parameters that it has in fact. */
  long parameters() {
    return Budget.parameters(model) - treatment.removed();
  }

  /** A name for a folder. */
  String folder() {
    return label
        .replace("->", "to")
        .replaceFirst("^- *", "without ")
        .replaceFirst("^\\+ *", "with ")
        .replace(" - ", " without ")
        .replace(" + ", " with ")
        .replaceAll("[^A-Za-z0-9_]+", "-")
        .replaceAll("^-+|-+$", "");
  }
}
