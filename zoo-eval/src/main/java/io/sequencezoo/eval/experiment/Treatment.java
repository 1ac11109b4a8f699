package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.train.TrainConfig;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * How a contestant is trained unlike the others.
 *
 * @param steps its updates; 0 for as many as the others
 * @param removed how many weights of its matrices are 0 from the first update to the last, drawn at
 *     random; see {@link RandomRemoval}
 * @param redrawn whether its first weights are drawn from another seed than that of the run, so
 *     that it is the same model by chance alone another one
 */
public record Treatment(long steps, long removed, boolean redrawn) {
  /** As all others. */
  public static final Treatment STANDARD = new Treatment(0, 0, false);

  /** Checks the ranges. */
  public Treatment {
    checkArgument(steps >= 0, "treatment: steps must not be negative, got %s", steps);
    checkArgument(removed >= 0, "treatment: removed must not be negative, got %s", removed);
  }

  /** What is left out of a file. */
  public static Treatment standard() {
    return STANDARD;
  }

  /** The training of a contestant where this is that of the others. */
  public TrainConfig train(TrainConfig others) {
    if (steps == 0) {
      return others;
    }
    ObjectNode own = Configs.json().valueToTree(others);
    own.remove(List.of("steps", "epochs"));
    return Configs.read("treatment", own.put("steps", steps).toString(), TrainConfig.class);
  }

  /** The seed of first weights in a run with this seed. */
  long weights(long seed) {
    return redrawn ? stream("weights", seed) : seed;
  }

  /** A seed for something of its own in a run. */
  static long stream(String what, long seed) {
    return Hashing.murmur3_128()
        .newHasher()
        .putString(what, StandardCharsets.UTF_8)
        .putLong(seed)
        .hash()
        .asLong();
  }
}
