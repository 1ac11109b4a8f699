package io.sequencezoo.core.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.dynamics.State;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The checksum of a state's file covers names and shapes too. */
class StateLayoutTest {
  @TempDir Path folder;

  @Test
  void load_refusesAnotherShapeOrNameOfTheSameNumbers() throws Exception {
    Path file = folder.resolve("state");
    INDArray s = Nd4j.arange(12).castTo(DataType.FLOAT).reshape('c', 2, 2, 3);
    State state = new State(Map.of("S", Tape.detached().constant(s)), new int[] {4, 5});
    StateFiles.save(file, state, Map.of());
    assertThat(StateFiles.load(file).get("S").shape()).containsExactly(2, 2, 3);
    String[][] changes = {{"[2,2,3]", "[2,3,2]"}, {"state/S", "state/T"}};
    for (String[] change : changes) {
      byte[] bytes = Files.readAllBytes(file);
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      assertThat(text).contains(change[0]);
      Path changed = folder.resolve("changed");
      Files.writeString(changed, text.replace(change[0], change[1]), StandardCharsets.ISO_8859_1);
      assertThatThrownBy(() -> StateFiles.load(changed))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("contents must have the checksum");
    }
  }

  @Test
  void load_readsTheFormatBefore() throws Exception {
    Path file = folder.resolve("old");
    INDArray s = Nd4j.arange(6).castTo(DataType.FLOAT).reshape('c', 2, 3);
    INDArray consumed = Nd4j.createFromArray(7, 8);
    Hasher numbers = Hashing.crc32c().newHasher();
    RawBytes.hash(consumed, numbers);
    RawBytes.hash(s, numbers);
    new SafetensorsWriter()
        .metadata("format", "sequence-state-1")
        .metadata("crc32c", numbers.hash().toString())
        .add("state/consumed", consumed)
        .add("state/S", s)
        .write(file);
    State state = StateFiles.load(file);
    assertThat(state.consumed()).containsExactly(7, 8);
    assertThat(state.get("S").value()).isEqualTo(s);
  }
}
