package io.sequencezoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.config.Configs;
import org.junit.jupiter.api.Test;

class TrainConfigTest {
  private static final String OPTIMIZER = "optimizer: {type: adamw, lr: 1e-3, weightDecay: 0.1}";

  @Test
  void json_roundTripsByteForByte() {
    TrainConfig config =
        read(OPTIMIZER + ", schedule: {type: cosine, warmup: 0.1}, epochs: 40, batch: 32, seed: 1");
    String json = Configs.write(config);
    assertThat(Configs.read("train", json, TrainConfig.class)).isEqualTo(config);
    assertThat(Configs.write(Configs.read("train", json, TrainConfig.class))).isEqualTo(json);
    assertThat(json).contains("\"precision\" : \"float\"");
  }

  @Test
  void totalSteps_countsEpochsInUpdates() {
    assertThat(read(OPTIMIZER + ", epochs: 3, batch: 1, seed: 1").totalSteps(7)).isEqualTo(21);
    assertThat(read(OPTIMIZER + ", epochs: 3, batch: 1, seed: 1, accumulate: 4").totalSteps(7))
        .isEqualTo(6);
    assertThat(read(OPTIMIZER + ", steps: 3, batch: 1, seed: 1").totalSteps(0)).isEqualTo(3);
    assertThatThrownBy(() -> read(OPTIMIZER + ", epochs: 3, batch: 1, seed: 1").totalSteps(0))
        .hasMessage("train: epochs need data that ends, got an endless source; use steps");
  }

  @Test
  void read_refusesWhatIsMissingOrMakesNoSense() {
    refused("steps: 1, batch: 1, seed: 1", "train: optimizer must be given");
    refused(OPTIMIZER + ", steps: 1, batch: 1", "train: seed must be given");
    refused(OPTIMIZER + ", steps: 1, seed: 1", "train: batch must be given");
    refused(OPTIMIZER + ", batch: 1, seed: 1", "train: either steps or epochs must be given");
    refused(OPTIMIZER + ", steps: 1, epochs: 1, batch: 1, seed: 1", "got steps 1 and epochs 1");
    refused(OPTIMIZER + ", steps: 0, batch: 1, seed: 1", "train: steps must be at least 1, got 0");
    refused(OPTIMIZER + ", steps: 1, batch: 1, seed: 1, clip: 0", "train: clip must be positive");
    refused(OPTIMIZER + ", steps: 1, batch: 1, seed: 1, clip: -1", "train: clip must be positive");
    refused(OPTIMIZER + ", steps: 1, batch: 1, seed: 1, keep: 0", "train: keep must be at least 1");
    refused(OPTIMIZER + ", steps: 1, batch: 1, seed: 1, precision: half", "precision");
    refused(OPTIMIZER + ", steps: 1, batch: 1, seed: 1, patients: 2", "patients");
  }

  private static void refused(String yaml, String message) {
    assertThatThrownBy(() -> read(yaml))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static TrainConfig read(String yaml) {
    return Configs.read("train", "{" + yaml + "}", TrainConfig.class);
  }
}
