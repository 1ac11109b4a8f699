package io.sequencezoo.eval.study;

import io.sequencezoo.models.model.LayeredConfig;
import java.util.List;

/**
 * A model of a study.
 *
 * @param label how it is shown
 * @param changes the names of the changes that it has
 * @param model the model, at the study's budget
 */
public record Variant(String label, List<String> changes, LayeredConfig model) {
  /** Copies the names. */
  public Variant {
    changes = List.copyOf(changes);
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
