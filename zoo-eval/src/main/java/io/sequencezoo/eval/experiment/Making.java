package io.sequencezoo.eval.experiment;

import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.models.model.LayeredConfig;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.train.TrainConfig;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that makes a run, which is a pure function of it and of the code.
 *
 * @param task what is learned
 * @param model the model
 * @param train how it is trained, with the run's seed and the treatment's updates
 * @param treatment how it is trained unlike others
 * @param window batches whose rows are sorted by length together; null for none
 * @param validations validation examples that evaluations during training use
 */
record Making(
    Task task,
    LayeredConfig model,
    TrainConfig train,
    Treatment treatment,
    @Nullable Integer window,
    int validations) {

  /** How a model of it learns. */
  Lesson<?> lesson(Model built) {
    return task.lesson(built, train, window);
  }

  /** A hash of all of it, data included. */
  String hash() {
    Map<String, Object> made =
        new LinkedHashMap<>(
            ImmutableMap.of(
                "task", task,
                "model", model,
                "train", train,
                "validationProblems", validations,
                "batches", lesson(model.build()).batches().dataHash()));
    if (treatment.removed() != 0 || treatment.redrawn()) {
      // Its updates are part of the training.
      made.put("treatment", new Treatment(0, treatment.removed(), treatment.redrawn()));
    }
    return Hashing.sha256().hashString(Configs.write(made), StandardCharsets.UTF_8).toString();
  }
}
