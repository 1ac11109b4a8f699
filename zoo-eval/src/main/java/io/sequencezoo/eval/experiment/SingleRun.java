package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.base.Suppliers;
import com.google.common.collect.Maps;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.models.model.Model;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.train.CpuClock;
import io.sequencezoo.train.FolderLock;
import io.sequencezoo.train.JsonLinesLog;
import io.sequencezoo.train.TrainListener;
import io.sequencezoo.train.TrainResult;
import io.sequencezoo.train.Trainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run in its folder: trained from the latest checkpoint there, tested, and written as {@code
 * run.json}, or as {@code failed.json} with one line that says why. Either is there whole or not at
 * all, and both never.
 */
final class SingleRun {
  /** What training writes as it goes. */
  static final String LOG = "log.jsonl";

  private static final String CHECKPOINTS = "checkpoints";
  private static final Logger LOGGER = LoggerFactory.getLogger(SingleRun.class);

  private final String name;
  private final long seed;
  private final Making making;
  private final Supplier<String> madeBy;
  private final Path folder;
  private final String code;
  private volatile boolean stopRequested;
  private volatile Trainer<?> training;

  /**
   * A run.
   *
   * @param name of the contestant
   * @param making what makes it
   * @param code its version
   */
  SingleRun(String name, long seed, Making making, Path folder, String code) {
    this.name = name;
    this.seed = seed;
    this.making = making;
    // When it is needed, for a hash of all examples takes its time.
    this.madeBy = Suppliers.memoize(making::hash);
    this.folder = folder;
    this.code = code;
  }

  String name() {
    return name;
  }

  long seed() {
    return seed;
  }

  private String madeBy() {
    return madeBy.get();
  }

  /** What it found before, where this configuration made it. */
  Optional<Results.Run> finished() throws IOException {
    Path file = folder.resolve(Results.Run.FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Results.Run run = Results.Run.in(folder);
    String madeBy = madeBy();
    checkArgument(
        madeBy.equals(run.madeBy()),
        "%s: must be resumed with the configuration and data that made it, %s, got %s; restore"
            + " %s, or remove the run's folder to train it anew",
        file,
        run.madeBy(),
        madeBy,
        Experiment.CONFIG);
    return Optional.of(run);
  }

  /** Whether it was finished by other code than that of this process. */
  boolean isOfOtherCode(Results.Run run) {
    return run.origin() != null && !code.equals(run.origin().code());
  }

  /** Why it failed, where it did. */
  Optional<Results.Failure> failure() throws IOException {
    Path file = folder.resolve(Results.Failure.FILE);
    return Files.exists(file)
        ? Optional.of(Configs.read(file.toString(), Files.readString(file), Results.Failure.class))
        : Optional.empty();
  }

  /** Lets it be tried again. */
  void forgetFailure() throws IOException {
    Files.deleteIfExists(folder.resolve(Results.Failure.FILE));
  }

  /** Writes down that it failed. */
  void fail(String reason) throws IOException {
    Files.createDirectories(folder);
    Results.Failure failure = new Results.Failure(name, seed, madeBy(), code, reason);
    AtomicFiles.writeString(folder.resolve(Results.Failure.FILE), Configs.write(failure) + "\n");
  }

  private boolean isDone() throws IOException {
    return finished().isPresent() || failure().isPresent();
  }

  /** Asks it, from any thread, to stop soon and to leave a checkpoint. */
  void requestStop() {
    stopRequested = true;
    Trainer<?> trainer = training;
    if (trainer != null) {
      trainer.requestStop();
    }
  }

  /**
   * Brings it to its end, unless it is there already, another process is at it, or it is asked to
   * stop. What goes wrong with it is written down; what goes wrong with the disk is thrown.
   */
  void go(FinishedRuns others, Supplier<TrainListener> listener) throws IOException {
    if (isDone()) {
      return;
    }
    Files.createDirectories(folder);
    Optional<FolderLock> lock = FolderLock.tryTake(folder);
    if (lock.isEmpty()) {
      return;
    }
    try (FolderLock held = lock.get()) {
      if (isDone()) {
        return;
      }
      Optional<Path> same = others.find(Results.key(madeBy(), code));
      if (same.isPresent()) {
        reuse(same.get());
      } else {
        train(listener.get());
      }
    }
  }

  private void reuse(Path from) throws IOException {
    Results.Run run = Results.Run.in(from);
    FinishedRuns.copy(from, folder);
    write(run.as(name, new Results.Origin(code, from.toString())));
  }

  private void write(Results.Run run) throws IOException {
    AtomicFiles.writeString(folder.resolve(Results.Run.FILE), Configs.write(run) + "\n");
  }

  private void train(TrainListener listener) throws IOException {
    Optional<Results.Run> run;
    try {
      run = trained(listener);
    } catch (UncheckedIOException e) {
      throw e;
    } catch (RuntimeException | OutOfMemoryError e) {
      if (!(e instanceof IllegalArgumentException || e instanceof ArithmeticException)) {
        LOGGER.debug("{} seed {}", name, seed, e);
      }
      fail(reason(e));
      return;
    }
    if (run.isPresent()) {
      write(run.get());
    }
  }

  private static String reason(Throwable e) {
    String message = e.getMessage() == null ? "no reason" : e.getMessage().strip();
    String reason =
        e instanceof IllegalArgumentException || e instanceof ArithmeticException
            ? message
            : e instanceof OutOfMemoryError
                ? "memory: must hold the run, got " + message + "; lower sizes or raise -Xmx"
                : e.getClass().getSimpleName() + ": " + message;
    return reason.replaceAll("\\s*\\R\\s*", " ");
  }

  private Optional<Results.Run> trained(TrainListener listener) throws IOException {
    Model model = making.model().build();
    Lesson<?> lesson = making.lesson(model);
    long weights = making.treatment().weights(seed);
    Parameters parameters = Parameters.of(model, making.train().precision().dataType(), weights);
    TrainResult result = train(lesson, parameters, listener);
    if (stopRequested) {
      return Optional.empty();
    }
    ModelFiles.save(folder.resolve(Experiment.MODEL), model, parameters);
    CpuClock.Span spent = JsonLinesLog.spent(folder.resolve(LOG));
    Trained trained = new Trained(model, parameters, making.train(), result, spent.seconds());
    Task task = making.task();
    Map<String, Object> details = new LinkedHashMap<>(task.progress(trained));
    int tests = task.examples(Split.TEST);
    details.put(Results.TEST, lesson.score(name, parameters, Split.TEST, tests));
    details.putAll(task.pictures(trained));
    return Optional.of(
        new Results.Run(
            name,
            seed,
            madeBy(),
            new Results.Origin(code, null),
            Configs.json().valueToTree(making.model()),
            parameters.count() - making.treatment().removed(),
            result.steps(),
            result.bestStep(),
            spent.seconds(),
            spent.cpuSeconds(),
            Maps.transformValues(details, value -> Configs.json().valueToTree(value))));
  }

  private <B> TrainResult train(Lesson<B> lesson, Parameters parameters, TrainListener listener)
      throws IOException {
    try (JsonLinesLog log = new JsonLinesLog(folder.resolve(LOG))) {
      Trainer<B> trainer =
          new Trainer<>(making.train(), parameters, lesson.objective(), lesson.batches())
              .validator(lesson.validator(making.validations()))
              .checkpoints(folder.resolve(CHECKPOINTS), making)
              .listener(log)
              .listener(listener);
      long removed = making.treatment().removed();
      if (removed > 0) {
        trainer.kept(RandomRemoval.kept(parameters, removed, seed));
      }
      training = trainer;
      if (stopRequested) {
        // The request may have come before there was a trainer to pass it on to.
        trainer.requestStop();
      }
      return trainer.run();
    }
  }
}
