package io.sequencezoo.core.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Parameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

class ParameterFilesTest {
  @TempDir Path folder;

  @Test
  void load_restoresEveryBit() throws IOException {
    Parameters saved = Parameters.of(block(3), DataType.FLOAT, 1);
    Path file = folder.resolve("model.safetensors");
    ParameterFiles.save(saved, file, Map.of("format", "test"));
    Parameters loaded = Parameters.of(block(3), DataType.FLOAT, 2);
    assertThat(loaded.values()).isNotEqualTo(saved.values());
    ParameterFiles.load(file, loaded);
    assertThat(loaded.values().toFloatVector()).containsExactly(saved.values().toFloatVector());
  }

  @Test
  void load_convertsPrecision() throws IOException {
    Parameters saved = Parameters.of(block(3), DataType.FLOAT, 1);
    Path file = folder.resolve("model.safetensors");
    ParameterFiles.save(saved, file, Map.of());
    Parameters loaded = Parameters.of(block(3), DataType.DOUBLE, 2);
    ParameterFiles.load(file, loaded);
    assertThat(loaded.values().castTo(DataType.FLOAT).toFloatVector())
        .containsExactly(saved.values().toFloatVector());
  }

  @Test
  void load_refusesAnotherModel() throws IOException {
    Path file = folder.resolve("model.safetensors");
    ParameterFiles.save(Parameters.of(block(3), DataType.FLOAT, 1), file, Map.of());
    assertThatThrownBy(() -> ParameterFiles.load(file, Parameters.of(block(4), DataType.FLOAT, 1)))
        .hasMessage(file + ": tensor a.w must have shape [2, 4], got [2, 3]");
    Block other =
        declaration -> declaration.child("a").weight("u", (shape, random) -> ones(6), 2, 3);
    assertThatThrownBy(() -> ParameterFiles.load(file, Parameters.of(other, DataType.FLOAT, 1)))
        .hasMessage(
            file + ": must hold the model's parameters, lacks [a.u] and has [a.w, a.b] besides");
  }

  private static Block block(int width) {
    return declaration -> {
      declaration.child("a").weight("w", ParameterFilesTest::uniform, 2, width);
      declaration.child("a").undecayed("b", ParameterFilesTest::uniform, width);
    };
  }

  private static double[] uniform(long[] shape, SplittableRandom random) {
    int length = 1;
    for (long size : shape) {
      length *= (int) size;
    }
    return random.doubles(length, -1, 1).toArray();
  }

  private static double[] ones(int n) {
    double[] values = new double[n];
    Arrays.fill(values, 1);
    return values;
  }
}
