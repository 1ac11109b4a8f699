package io.sequencezoo.models.examples;

import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.model.ContinuousInput;
import io.sequencezoo.models.model.Head;
import io.sequencezoo.models.model.Input;
import io.sequencezoo.models.model.LinearHead;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.models.model.ModelConfig;
import io.sequencezoo.models.model.Stack;
import io.sequencezoo.models.model.Stage;
import io.sequencezoo.models.norm.RmsNormConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * A forecaster: {@code [B, T, F]} go in, the next H steps after each come out, {@code [B, T, H F]}
 * with the nearest first.
 */
public final class Forecaster implements Model {
  private final ForecasterConfig config;
  private final Input input;
  private final Stack stack;
  private final Head head;

  Forecaster(ForecasterConfig config) {
    Initialiser normal = Initialisers.normal(0.1);
    int width = config.width();
    List<Stage> stages = new ArrayList<>();
    for (int i = 0; i < config.stages().size(); i++) {
      MixerConfig.Place place = new MixerConfig.Place(width, i, config.stages().size());
      stages.add(config.stages().get(i).build(place));
    }
    this.config = config;
    this.input = new ContinuousInput(config.features(), width, normal);
    this.stack = new Stack(stages, RmsNormConfig.standard().build(MixerConfig.Place.alone(width)));
    this.head = new LinearHead(width, config.horizon() * config.features(), normal);
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  @Override
  public Input input() {
    return input;
  }

  @Override
  public Stack stack() {
    return stack;
  }

  @Override
  public Head head() {
    return head;
  }
}
