package io.sequencezoo.eval.image;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sequencezoo.datasets.image.ShapeConfig;
import io.sequencezoo.datasets.image.ShapeData;
import io.sequencezoo.eval.experiment.Alphabet;
import io.sequencezoo.eval.experiment.GeneratedTask;

/**
 * Which shape an image shows, read pixel by pixel; sizes are pixels of a side.
 *
 * @param config what determines the data
 */
@JsonTypeName("shapes")
public record ShapesTask(@JsonValue ShapeConfig config) implements GeneratedTask {
  /** Reads what determines the data. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public ShapesTask {}

  @Override
  public ShapeData data() {
    return new ShapeData(config);
  }

  @Override
  public String name() {
    return "shapes";
  }

  @Override
  public String title() {
    return "Shapes, pixel by pixel";
  }

  @Override
  public String sizes() {
    return "pixels of a side";
  }

  @Override
  public Alphabet alphabet() {
    return Alphabet.numbers(vocabulary(), config.levels());
  }

  /** All images of training have one side. */
  @Override
  public Integer standardWindow() {
    return null;
  }
}
