package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkNotNull;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.core.io.ElementType;
import io.sequencezoo.core.io.ParameterFiles;
import io.sequencezoo.core.io.SafetensorsReader;
import io.sequencezoo.core.io.SafetensorsWriter;
import io.sequencezoo.core.io.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The checkpoints of one run in one folder, locked while it is open. Each is a folder {@code
 * step-N} of {@code model.safetensors}, {@code optimizer.safetensors} and {@code checkpoint.json}
 * that is written under another name, forced to the disk and renamed, so that every {@code step-N}
 * is whole whenever the process or the machine stops.
 */
public final class Checkpoints implements AutoCloseable {
  /** The file of a checkpoint that holds the model's parameters. */
  public static final String MODEL = "model.safetensors";

  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String STATE = "checkpoint.json";
  private static final String FORMAT = "sequence-zoo-checkpoint-1";
  private static final String TEMPORARY = ".tmp";
  private static final Pattern STEP = Pattern.compile("step-(\\d{1,18})");

  private final Path folder;
  private final int keep;
  private final FolderLock lock;

  private Checkpoints(Path folder, int keep, FolderLock lock) {
    this.folder = folder;
    this.keep = keep;
    this.lock = lock;
  }

  /**
   * Opens a folder, makes it if need be, and removes what an interrupted write left.
   *
   * @param keep latest checkpoints to keep besides the best
   * @throws IllegalArgumentException where another run has the folder open
   */
  public static Checkpoints open(Path folder, int keep) {
    try {
      Files.createDirectories(folder);
      FolderLock lock = FolderLock.take("checkpoints", folder);
      Checkpoints checkpoints = new Checkpoints(folder, keep, lock);
      try {
        checkpoints.removeLitter();
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
      return checkpoints;
    } catch (IOException e) {
      throw failure("checkpoints " + folder + ": can't be opened", e);
    }
  }

  /** The folder of the latest checkpoint of a run, without opening or locking it. */
  public static Path latest(Path folder) {
    List<Long> steps = steps(folder);
    checkArgument(!steps.isEmpty(), "checkpoints %s: must hold a checkpoint, got none", folder);
    return folder.resolve(name(steps.get(steps.size() - 1)));
  }

  /** The folder of the best checkpoint of a run, the latest where nothing was evaluated. */
  public static Path best(Path folder) {
    Path latest = latest(folder);
    long best = read(latest).state().bestStep();
    return best < 0 ? latest : folder.resolve(name(best));
  }

  /** Where a checkpoint comes from. */
  public static Provenance provenance(Path checkpoint) {
    return read(checkpoint).provenance();
  }

  /** The steps of all checkpoints, ascending. */
  public List<Long> steps() {
    return steps(folder);
  }

  /** The latest step that can be resumed, if any. */
  public OptionalLong latestStep() {
    return steps().stream().mapToLong(Long::longValue).max();
  }

  /**
   * Writes a checkpoint and removes those that are not kept any more.
   *
   * @throws UncheckedIOException where it can't be written; the checkpoints before it stand
   */
  public Path save(
      Provenance provenance, TrainState state, Parameters parameters, Optimizer optimizer) {
    Path target = folder.resolve(name(state.step()));
    if (Files.isDirectory(target)) {
      return target;
    }
    Path temporary = folder.resolve(name(state.step()) + TEMPORARY);
    try {
      removeTree(temporary);
      Files.createDirectory(temporary);
      Map<String, String> metadata = Map.of("format", FORMAT);
      SafetensorsWriter memory = new SafetensorsWriter().metadata("format", FORMAT);
      optimizer.state().forEach(memory::add);
      String json = Configs.write(new Contents(FORMAT, provenance, state)) + "\n";
      AtomicFiles.writeAndForce(
          temporary.resolve(MODEL), ParameterFiles.writer(parameters, metadata)::writeTo);
      AtomicFiles.writeAndForce(temporary.resolve(OPTIMIZER), memory::writeTo);
      AtomicFiles.writeAndForce(
          temporary.resolve(STATE), channel -> AtomicFiles.writeFully(channel, json));
      AtomicFiles.forceFolder(temporary);
      AtomicFiles.move(temporary, target);
      AtomicFiles.forceFolder(folder);
      prune(state.bestStep());
    } catch (IOException e) {
      throw giveUp(temporary, e);
    } catch (UncheckedIOException e) {
      // It always has one.
      throw giveUp(temporary, checkNotNull(e.getCause()));
    }
    return target;
  }

  /**
   * Takes up the checkpoint of a step: sets parameters and optimiser, returns the rest.
   *
   * @param config the experiment of this run, which must be that of the checkpoint
   * @param dataHash the data of this run, likewise
   * @throws IllegalArgumentException naming the first difference
   */
  public TrainState load(
      long step, Object config, String dataHash, Parameters parameters, Optimizer optimizer) {
    Path checkpoint = folder.resolve(name(step));
    Contents contents = read(checkpoint);
    JsonNode present = Configs.json().valueToTree(config);
    String difference = JsonDifference.first(contents.provenance().config(), present);
    checkArgument(
        difference == null,
        "checkpoint %s: must be resumed with its own configuration, got %s; use that or another"
            + " folder",
        checkpoint,
        difference);
    checkArgument(
        dataHash.equals(contents.provenance().dataHash()),
        "checkpoint %s: must be resumed on its own data %s, got %s",
        checkpoint,
        contents.provenance().dataHash(),
        dataHash);
    try {
      loadOptimizer(checkpoint.resolve(OPTIMIZER), optimizer);
      ParameterFiles.load(checkpoint.resolve(MODEL), parameters);
    } catch (IOException e) {
      throw failure("checkpoint " + checkpoint + ": can't be read", e);
    }
    optimizer.restore(contents.state().optimizerSteps());
    return contents.state();
  }

  /** Sets the parameters to those of the checkpoint of a step. */
  public void loadParameters(long step, Parameters parameters) {
    Path file = folder.resolve(name(step)).resolve(MODEL);
    try {
      ParameterFiles.load(file, parameters);
    } catch (IOException e) {
      throw failure(file + ": can't be read", e);
    }
  }

  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw failure("checkpoints " + folder + ": can't be closed", e);
    }
  }

  private static void loadOptimizer(Path file, Optimizer optimizer) throws IOException {
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      Map<String, INDArray> state = optimizer.state();
      checkArgument(
          reader.tensors().keySet().equals(state.keySet()),
          "%s: must hold %s, got %s",
          file,
          state.keySet(),
          reader.tensors().keySet());
      for (Map.Entry<String, INDArray> entry : state.entrySet()) {
        // The names are the same.
        TensorInfo info = checkNotNull(reader.tensors().get(entry.getKey()));
        INDArray array = entry.getValue();
        checkArgument(
            info.length() == array.length() && info.type() == ElementType.of(array.dataType()),
            "%s: tensor %s must have %s elements of %s, got %s of %s",
            file,
            entry.getKey(),
            array.length(),
            ElementType.of(array.dataType()),
            info.length(),
            info.type());
      }
      for (Map.Entry<String, INDArray> entry : state.entrySet()) {
        entry.getValue().assign(reader.read(entry.getKey()));
      }
    }
  }

  private static Contents read(Path checkpoint) {
    Path file = checkpoint.resolve(STATE);
    try {
      Contents contents = Configs.read(file.toString(), Files.readString(file), Contents.class);
      checkArgument(
          FORMAT.equals(contents.format()),
          "%s: format must be %s, got %s",
          file,
          FORMAT,
          contents.format());
      return contents;
    } catch (IOException e) {
      throw failure(file + ": can't be read", e);
    }
  }

  /** Removes all but the best and the latest; called once the newest one is safe. */
  private void prune(long bestStep) throws IOException {
    List<Long> steps = steps();
    for (long step : steps.subList(0, Math.max(0, steps.size() - keep))) {
      if (step != bestStep) {
        // Renamed first, so that a half-removed folder never passes for a checkpoint.
        Path doomed = folder.resolve(name(step) + TEMPORARY);
        removeTree(doomed);
        AtomicFiles.move(folder.resolve(name(step)), doomed);
        removeTree(doomed);
      }
    }
  }

  private void removeLitter() throws IOException {
    List<Path> litter;
    try (Stream<Path> entries = Files.list(folder)) {
      litter = entries.filter(Checkpoints::isLitter).toList();
    }
    for (Path entry : litter) {
      removeTree(entry);
    }
  }

  private static boolean isLitter(Path entry) {
    String name = entry.getFileName().toString();
    return name.endsWith(TEMPORARY)
        && STEP.matcher(name.substring(0, name.length() - TEMPORARY.length())).matches();
  }

  private static void removeTree(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    List<Path> entries;
    try (Stream<Path> walk = Files.walk(root)) {
      entries = new ArrayList<>(walk.toList());
    }
    Collections.reverse(entries);
    for (Path entry : entries) {
      Files.delete(entry);
    }
  }

  private UncheckedIOException giveUp(Path temporary, IOException cause) {
    try {
      removeTree(temporary);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
    OptionalLong latest = latestStep();
    return failure(
        "checkpoints "
            + folder
            + ": can't be written; "
            + (latest.isPresent()
                ? "the checkpoint of step " + latest.getAsLong() + " stands"
                : "there is none before"),
        cause);
  }

  private static UncheckedIOException failure(String what, IOException cause) {
    String why = cause.getMessage();
    return new UncheckedIOException(
        what + " (" + cause.getClass().getSimpleName() + (why == null ? "" : ": " + why) + ")",
        cause);
  }

  private static List<Long> steps(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(entry -> STEP.matcher(entry.getFileName().toString()))
          .filter(Matcher::matches)
          .map(matcher -> Long.parseLong(matcher.group(1)))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw failure("checkpoints " + folder + ": can't be listed", e);
    }
  }

  private static String name(long step) {
    return "step-" + step;
  }

  private record Contents(String format, Provenance provenance, TrainState state) {}
}
