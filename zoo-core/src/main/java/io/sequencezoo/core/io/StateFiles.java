package io.sequencezoo.core.io;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Slab;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * States of sequence mixers as safetensors, so that a stream can stop, and go on in another process
 * from the same bits: one tensor {@code NAME/PART} per part and {@code NAME/consumed [B]} with the
 * tokens that each row has consumed.
 *
 * <pre>{@code
 * StateFiles.save(file, evolution.state(), Map.of());
 * State state = StateFiles.load(file, mixer.initialState(context, batch, DataType.FLOAT));
 * }</pre>
 *
 * <p>The header carries a checksum of all names, types, shapes and numbers: unlike a damaged
 * weight, a damaged state would only show as odd outputs much later.
 */
public final class StateFiles {
  private static final String FORMAT_KEY = "format";
  private static final String FORMAT = "sequence-state-2";

  /** The format before, whose checksum covers numbers alone. */
  private static final String NUMBERS_FORMAT = "sequence-state-1";

  private static final String CHECKSUM_KEY = "crc32c";
  private static final String CONSUMED = "consumed";
  private static final String ONLY = "state";

  private StateFiles() {}

  /** Writes a state in its own precision, atomically. */
  public static void save(Path file, State state, Map<String, String> metadata) throws IOException {
    saveAll(file, Map.of(ONLY, state), metadata);
  }

  /**
   * Writes several states under names without slashes, atomically; a child is written as a state of
   * its own, under the name of its parent, a dot and its path.
   */
  public static void saveAll(Path file, Map<String, State> states, Map<String, String> metadata)
      throws IOException {
    Map<String, INDArray> tensors = new LinkedHashMap<>();
    states.forEach((name, state) -> addTensors(tensors, name, state));
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata(FORMAT_KEY, FORMAT)
            .metadata(CHECKSUM_KEY, checksum(tensors, true));
    metadata.forEach(writer::metadata);
    tensors.forEach(writer::add);
    writer.write(file);
  }

  private static void addTensors(Map<String, INDArray> tensors, String name, State state) {
    checkArgument(
        !name.isEmpty() && name.indexOf('/') < 0,
        "state file: names of states must be without slashes, got '%s'",
        name);
    tensors.put(name + "/" + CONSUMED, consumed(state));
    state
        .parts()
        .forEach(
            (part, variable) -> {
              INDArray value = variable.value();
              INDArray whole = Slab.isContiguous(value) ? value : value.dup('c');
              INDArray before = tensors.put(name + "/" + part, whole);
              checkArgument(before == null, "state file: part must not be named %s", CONSUMED);
            });
    state.children().forEach((path, child) -> addTensors(tensors, name + "." + path, child));
  }

  /**
   * Reads the state that {@link #save} wrote, to memory outside every workspace.
   *
   * @throws IllegalArgumentException where the file is damaged or holds something else
   */
  public static State load(Path file) throws IOException {
    Map<String, State> states = loadAll(file);
    checkArgument(
        states.size() == 1 && states.containsKey(ONLY),
        "%s: must hold the state of one mixer, got states %s",
        file,
        Shown.of(states.keySet()));
    return states.get(ONLY);
  }

  /**
   * Reads the state that {@link #save} wrote, of the kind of another.
   *
   * @param like a state of the mixer that is to continue, such as its initial one: parts, data
   *     types and shapes must agree, up to axes that are empty in it, which grow
   * @throws IllegalArgumentException where the file is damaged or another mixer's
   */
  public static State load(Path file, State like) throws IOException {
    State state = load(file);
    checkFits(file.toString(), state, like);
    return state;
  }

  /** Reads all states by name, children as states of their own. */
  public static Map<String, State> loadAll(Path file) throws IOException {
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      String format = reader.metadata().get(FORMAT_KEY);
      checkArgument(
          FORMAT.equals(format) || NUMBERS_FORMAT.equals(format),
          "%s: must be a state in the format %s, got %s",
          file,
          FORMAT,
          format == null ? "a file of another kind" : format);
      Map<String, INDArray> tensors = reader.readAll();
      String checksum = checksum(tensors, FORMAT.equals(format));
      checkArgument(
          checksum.equals(reader.metadata().get(CHECKSUM_KEY)),
          "%s: contents must have the checksum %s of the header, got %s; the file is damaged",
          file,
          reader.metadata().get(CHECKSUM_KEY),
          checksum);
      return states(file, tensors);
    }
  }

  /**
   * Checks that a state can stand where another one stands; see {@link #load(Path, State)}.
   *
   * @param subject where the state comes from, for messages
   */
  public static void checkFits(String subject, State state, State like) {
    checkArgument(
        state.parts().keySet().equals(like.parts().keySet()),
        "%s: state must have the parts %s, got %s; is it another mixer's?",
        subject,
        like.parts().keySet(),
        Shown.of(state.parts().keySet()));
    checkArgument(
        state.consumed().length == like.consumed().length,
        "%s: state must have B=%s rows, got %s",
        subject,
        like.consumed().length,
        state.consumed().length);
    like.parts()
        .forEach(
            (name, expected) -> {
              Variable part = state.get(name);
              checkArgument(
                  part.type() == expected.type() && fits(part.shape(), expected.shape()),
                  "%s: part %s must be %s%s, got %s%s; is it another mixer's?",
                  subject,
                  name,
                  expected.type(),
                  Arrays.toString(expected.shape()).replace(" 0,", " any,"),
                  part.type(),
                  Arrays.toString(part.shape()));
            });
  }

  private static boolean fits(long[] shape, long[] expected) {
    boolean fits = shape.length == expected.length;
    for (int axis = 0; fits && axis < shape.length; axis++) {
      fits = shape[axis] == expected[axis] || (axis > 0 && expected[axis] == 0);
    }
    return fits;
  }

  private static Map<String, State> states(Path file, Map<String, INDArray> tensors) {
    Map<String, Map<String, Variable>> parts = new LinkedHashMap<>();
    Map<String, int[]> consumed = new LinkedHashMap<>();
    Tape tape = Tape.detached();
    tensors.forEach(
        (path, value) -> {
          int slash = path.indexOf('/');
          checkArgument(
              slash > 0, "%s: tensors must be named NAME/PART, got %s", file, Shown.of(path));
          String name = path.substring(0, slash);
          parts.computeIfAbsent(name, key -> new LinkedHashMap<>());
          if (path.substring(slash + 1).equals(CONSUMED)) {
            consumed.put(name, counts(file, path, value));
          } else {
            parts.get(name).put(path.substring(slash + 1), tape.constant(value));
          }
        });
    Map<String, State> states = new LinkedHashMap<>();
    parts.forEach(
        (name, own) -> {
          checkArgument(
              consumed.containsKey(name), "%s: must hold %s/%s", file, Shown.of(name), CONSUMED);
          int rows = consumed.get(name).length;
          own.forEach(
              (part, variable) ->
                  checkArgument(
                      variable.rank() > 0 && variable.size(0) == rows,
                      "%s: %s/%s must have B=%s rows, got shape %s",
                      file,
                      Shown.of(name),
                      Shown.of(part),
                      rows,
                      Arrays.toString(variable.shape())));
          states.put(name, new State(own, consumed.get(name)));
        });
    return states;
  }

  private static INDArray consumed(State state) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.createFromArray(state.consumed());
    }
  }

  private static int[] counts(Path file, String path, INDArray value) {
    checkArgument(
        value.rank() == 1 && value.dataType() == ElementType.I32.dataType(),
        "%s: %s must be a vector of I32, got %s%s",
        file,
        Shown.of(path),
        value.dataType(),
        Arrays.toString(value.shape()));
    int[] counts = value.toIntVector();
    for (int count : counts) {
      checkArgument(count >= 0, "%s: %s must not be negative, got %s", file, Shown.of(path), count);
    }
    return counts;
  }

  private static String checksum(Map<String, INDArray> tensors, boolean layout) {
    Hasher hasher = Hashing.crc32c().newHasher();
    tensors.forEach(
        (name, array) -> {
          if (layout) {
            String shape = array.dataType() + Arrays.toString(array.shape());
            hasher.putString(name + shape, StandardCharsets.UTF_8);
          }
          RawBytes.hash(array, hasher);
        });
    return hasher.hash().toString();
  }
}
