package io.sequencezoo.core.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.State;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class StateFilesTest {
  private static final Tape TAPE = Tape.detached();

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = folder.resolve("state.safetensors");
  }

  @Test
  void load_restoresEveryBitAndTheOrder() throws IOException {
    Map<String, Variable> parts = new LinkedHashMap<>();
    double[] odd = {Double.NaN, -0.0, Double.MIN_VALUE, Double.NEGATIVE_INFINITY, 1 / 3.0, 7};
    parts.put("z", TAPE.constant(Nd4j.createFromArray(odd).reshape(2, 3)));
    parts.put("a.b", TAPE.constant(Nd4j.createFromArray(new int[][] {{1}, {-2}})));
    parts.put("none", TAPE.constant(Nd4j.create(DataType.FLOAT, 2, 0, 4)));
    StateFiles.save(file, new State(parts, new int[] {5, 0}), Map.of("note", "x"));
    State loaded = StateFiles.load(file);
    assertThat(loaded.parts().keySet()).containsExactly("z", "a.b", "none");
    assertThat(loaded.consumed()).containsExactly(5, 0);
    double[] values = loaded.get("z").value().data().asDouble();
    for (int i = 0; i < odd.length; i++) {
      assertThat(Double.doubleToRawLongBits(values[i]))
          .isEqualTo(Double.doubleToRawLongBits(odd[i]));
    }
    assertThat(loaded.get("a.b").value().data().asInt()).containsExactly(1, -2);
    assertThat(loaded.get("none").shape()).containsExactly(2, 0, 4);
  }

  @Test
  void save_takesViews() throws IOException {
    INDArray all = Nd4j.arange(24).castTo(DataType.FLOAT).reshape('c', 2, 3, 4);
    INDArray view = all.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 2), NDArrayIndex.all());
    State state = new State(Map.of("k", TAPE.record(view, c -> {})), new int[2]);
    StateFiles.save(file, state, Map.of());
    assertThat(StateFiles.load(file).get("k").value().data().asFloat())
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17, 18, 19);
  }

  @Test
  void loadAll_restoresSeveral() throws IOException {
    Map<String, State> states = new LinkedHashMap<>();
    states.put("b", state("h", 2, 3));
    states.put("a", new State(Map.of(), new int[] {9}));
    StateFiles.saveAll(file, states, Map.of());
    Map<String, State> loaded = StateFiles.loadAll(file);
    assertThat(loaded.keySet()).containsExactly("b", "a");
    assertThat(Objects.requireNonNull(loaded.get("a")).consumed()).containsExactly(9);
    assertThatThrownBy(() -> StateFiles.load(file))
        .hasMessage(file + ": must hold the state of one mixer, got states [b, a]");
  }

  @Test
  void load_refusesAnotherMixersState() throws IOException {
    StateFiles.save(file, state("h", 2, 3), Map.of());
    StateFiles.load(file, state("h", 2, 3));
    StateFiles.load(file, state("h", 2, 0));
    assertThatThrownBy(() -> StateFiles.load(file, state("c", 2, 3)))
        .hasMessage(file + ": state must have the parts [c], got [h]; is it another mixer's?");
    assertThatThrownBy(() -> StateFiles.load(file, state("h", 1, 3)))
        .hasMessage(file + ": state must have B=1 rows, got 2");
    assertThatThrownBy(() -> StateFiles.load(file, state("h", 2, 4)))
        .hasMessage(file + ": part h must be FLOAT[2, 4], got FLOAT[2, 3]; is it another mixer's?");
    State wide =
        new State(Map.of("h", TAPE.constant(Nd4j.zeros(DataType.DOUBLE, 2, 3))), new int[2]);
    assertThatThrownBy(() -> StateFiles.load(file, wide))
        .hasMessageContaining("part h must be DOUBLE[2, 3], got FLOAT[2, 3]");
  }

  @Test
  void load_refusesOtherAndDamagedFiles() throws IOException {
    assertThatThrownBy(() -> StateFiles.load(file)).hasMessage(file + ": must be an existing file");
    Files.writeString(file, "hello", StandardCharsets.UTF_8);
    assertThatThrownBy(() -> StateFiles.load(file)).hasMessageContaining("truncated");
    new SafetensorsWriter().add("w", Nd4j.ones(DataType.FLOAT, 2)).write(file);
    assertThatThrownBy(() -> StateFiles.load(file))
        .hasMessage(
            file + ": must be a state in the format sequence-state-2, got a file of another kind");

    StateFiles.save(file, state("h", 2, 3), Map.of());
    byte[] bytes = Files.readAllBytes(file);
    byte[] flipped = bytes.clone();
    flipped[bytes.length - 2] ^= 4;
    Files.write(file, flipped);
    assertThatThrownBy(() -> StateFiles.load(file)).hasMessageContaining("the file is damaged");
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 3));
    assertThatThrownBy(() -> StateFiles.load(file)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void save_leavesTheOldFileWhereItFails() throws IOException {
    StateFiles.save(file, state("h", 2, 3), Map.of());
    assertThatThrownBy(() -> StateFiles.saveAll(file, Map.of("a/b", state("h", 1, 1)), Map.of()))
        .hasMessage("state file: names of states must be without slashes, got 'a/b'");
    assertThat(StateFiles.load(file).consumed()).containsExactly(0, 1);
    try (var files = Files.list(folder)) {
      assertThat(files.toList()).isEqualTo(List.of(file));
    }
  }

  private static State state(String part, int rows, int columns) {
    int[] consumed = new int[rows];
    for (int b = 0; b < rows; b++) {
      consumed[b] = b;
    }
    INDArray value =
        columns == 0
            ? Nd4j.create(DataType.FLOAT, rows, 0)
            : Nd4j.rand(DataType.FLOAT, rows, columns);
    return new State(Map.of(part, TAPE.constant(value)), consumed);
  }
}
