package io.sequencezoo.models.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.ParameterFiles;
import io.sequencezoo.core.kernel.Memory;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What doesn't fit memory is refused before any of it is allocated. */
class MemoryGuardTest {
  @TempDir Path folder;

  @AfterEach
  void noLimit() {
    System.clearProperty(Memory.LIMIT_PROPERTY);
  }

  @Test
  void parameters_thatDontFitAreRefused() {
    LanguageModel model = model(8);
    long count = Parameters.of(model, DataType.FLOAT, 1).count();
    System.setProperty(Memory.LIMIT_PROPERTY, Long.toString(4 * count));
    assertThatThrownBy(() -> Parameters.of(model, DataType.FLOAT, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(
            "parameters: " + count + " of them: must fit the " + 4 * count + " bytes of memory.*");
    System.setProperty(Memory.LIMIT_PROPERTY, Long.toString(16 * count));
    assertThat(Parameters.of(model, DataType.FLOAT, 1).count()).isEqualTo(count);
  }

  @Test
  void logits_thatDontFitAreRefused() {
    LanguageModel model = model(8);
    Parameters parameters = Parameters.of(model, DataType.FLOAT, 1);
    // B x T x V floats, 18 MB, and as much again for hidden numbers.
    INDArray ids = Nd4j.zeros(DataType.INT32, 100, 4096);
    System.setProperty(Memory.LIMIT_PROPERTY, Long.toString(16L << 20));
    try (Tape tape = Tape.training()) {
      Context context = Context.training(tape, parameters, 1);
      assertThatThrownBy(() -> model.forward(context, ids))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageMatching(
              "tape: an array of shape \\[100, 4096, .*: must fit the 16777216 bytes of memory that"
                  + " are free, got \\d+; make model, batch or length smaller");
    }
    System.clearProperty(Memory.LIMIT_PROPERTY);
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, parameters);
      assertThat(model.forward(context, ids).shape()).containsExactly(100, 4096, 11);
    }
  }

  @Test
  void load_comparesShapesBeforeItAllocates() throws Exception {
    LanguageModel small = model(8);
    ParameterFiles.save(
        Parameters.of(small, DataType.FLOAT, 1),
        folder.resolve("model.safetensors"),
        Map.of("config", Configs.write(model(4096).config())));
    System.setProperty(Memory.LIMIT_PROPERTY, "1000");
    assertThatThrownBy(() -> ModelFiles.load(folder, DataType.FLOAT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must have shape [11, 4096], got [11, 8]");
  }

  private static LanguageModel model(int width) {
    String yaml =
        "{type: language_model, vocabulary: 11, layers: 1, mixer: {type: lstm}, channel: {type:"
            + " mlp}, width: "
            + width
            + "}";
    return new LanguageModel(Configs.read("model", yaml, LanguageModelConfig.class));
  }
}
