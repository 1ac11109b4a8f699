package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkNotNull;

import com.google.common.hash.Hashing;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.BatchSource;
import io.sequencezoo.core.kernel.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains parameters on an objective. The same configuration, data and initial parameters give the
 * same bits, whether or not the run was interrupted and resumed in between and whatever the number
 * of threads.
 *
 * <pre>{@code
 * Parameters parameters = Parameters.of(model, config.precision().dataType(), config.seed());
 * TrainResult result =
 *     new Trainer<>(config, parameters, objective, source)
 *         .validator(Validator.loss(objective, validationBatches))
 *         .checkpoints(folder, experiment)
 *         .listener(new ConsoleListener("my model", line -> log.info(line)))
 *         .run();
 * }</pre>
 *
 * <p>The loss of an update is the mean over all tokens of its batches, however they are divided
 * among them. Updates and checkpoints are counted from 1.
 *
 * @param <B> the type of batch
 */
public final class Trainer<B> {
  private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

  private final TrainConfig config;
  private final Parameters parameters;
  private final Objective<B> objective;
  private final BatchSource<B> source;
  private final Optimizer optimizer;
  private final List<TrainListener> listeners = new ArrayList<>();
  private final long total;
  private @Nullable INDArray kept;
  private @Nullable Validator validator;
  private @Nullable Path folder;
  private @Nullable Object experiment;
  private Progress progress;
  private @Nullable INDArray bestValues;
  private volatile boolean stopRequested;

  /** A trainer of parameters that have been initialised. */
  public Trainer(
      TrainConfig config, Parameters parameters, Objective<B> objective, BatchSource<B> source) {
    checkArgument(
        parameters.type() == config.precision().dataType(),
        "train: parameters must have precision %s, got %s",
        config.precision().dataType(),
        parameters.type());
    this.config = config;
    this.parameters = parameters;
    this.objective = objective;
    this.source = source;
    this.optimizer = config.optimizer().build(parameters);
    this.total = config.totalSteps(source.batchesPerEpoch());
    this.progress = new Progress(total);
  }

  /** Evaluates the model now and then; the best evaluation selects the result. */
  public Trainer<B> validator(Validator validator) {
    this.validator = validator;
    return this;
  }

  /** Adds a listener; several are told in the order of adding. */
  public Trainer<B> listener(TrainListener listener) {
    listeners.add(listener);
    return this;
  }

  /**
   * Holds parameters at zero: where this vector of ones and zeros, as long as all parameters, is
   * zero, they have no gradient and stay 0 through all updates.
   */
  public Trainer<B> kept(INDArray ones) {
    checkArgument(
        ones.length() == parameters.count() && ones.dataType() == parameters.type(),
        "train: kept must be %s numbers of %s, got %s of %s",
        parameters.count(),
        parameters.type(),
        ones.length(),
        ones.dataType());
    this.kept = ones;
    parameters.values().muli(ones);
    return this;
  }

  /**
   * Writes checkpoints to a folder, and resumes from the latest that is there.
   *
   * @param experiment the whole configuration, which Jackson can write and which a resumed run must
   *     share
   */
  public Trainer<B> checkpoints(Path folder, Object experiment) {
    this.folder = checkNotNull(folder);
    this.experiment = checkNotNull(experiment);
    return this;
  }

  /**
   * Asks a running trainer, from any thread, to stop after the step at hand; it writes a checkpoint
   * where it has a folder.
   */
  public void requestStop() {
    stopRequested = true;
  }

  /**
   * Trains to the end and leaves the parameters at the best evaluation, or at the last step where
   * there is no validator.
   *
   * @throws NonFiniteException where a loss or gradient isn't finite
   */
  public TrainResult run() {
    if (folder == null || experiment == null) {
      return run(null);
    }
    try (Checkpoints checkpoints = Checkpoints.open(folder, config.keep())) {
      return run(new Saving(checkpoints, folder, experiment));
    }
  }

  private TrainResult run(@Nullable Saving saving) {
    try {
      resume(saving);
      TrainListener.Start start =
          new TrainListener.Start(total, progress.step(), parameters.count());
      listeners.forEach(listener -> listener.started(start));
      TrainResult.End end = loop(saving);
      if (bestValues != null) {
        parameters.values().assign(bestValues);
      }
      TrainResult result = progress.result(end);
      listeners.forEach(listener -> listener.finished(result));
      return result;
    } catch (RuntimeException e) {
      listeners.forEach(listener -> listener.failed(e));
      throw e;
    }
  }

  private void resume(@Nullable Saving saving) {
    if (saving == null) {
      return;
    }
    Checkpoints checkpoints = saving.checkpoints;
    OptionalLong latest = checkpoints.latestStep();
    if (latest.isEmpty()) {
      return;
    }
    long step = latest.getAsLong();
    TrainState state =
        checkpoints.load(step, saving.experiment, source.dataHash(), parameters, optimizer);
    if (state.bestStep() >= 0) {
      checkpoints.loadParameters(state.bestStep(), parameters);
      keepBest();
      checkpoints.loadParameters(step, parameters);
    }
    progress = new Progress(total, state);
    String kernels = Checkpoints.provenance(Checkpoints.latest(saving.folder)).kernels();
    String present = Precision.FLOAT.kernels().name();
    if (!kernels.equals(present)) {
      LOG.warn(
          "checkpoint of step {}: was computed by kernels {}, goes on with {}; rounding differs",
          step,
          kernels,
          present);
    }
    source.seek(progress.position());
  }

  private TrainResult.End loop(@Nullable Saving saving) {
    Provenance provenance =
        saving == null ? null : Provenance.current(saving.experiment, source.dataHash());
    Validator judge = validator;
    while (true) {
      boolean stale = config.patience() > 0 && progress.stale() >= config.patience();
      if (progress.step() >= total || stale) {
        return progress.step() >= total ? TrainResult.End.FINISHED : TrainResult.End.STOPPED_EARLY;
      }
      if (stopRequested) {
        save(saving, provenance);
        return TrainResult.End.STOPPED;
      }
      TrainListener.Step step = step();
      listeners.forEach(listener -> listener.stepped(step));
      boolean last = progress.step() == total;
      boolean best = judge != null && (last || due(config.evaluateEvery())) && evaluate(judge);
      boolean stopping = config.patience() > 0 && progress.stale() >= config.patience();
      if (best || last || stopping || due(config.checkpointEvery())) {
        save(saving, provenance);
      }
    }
  }

  private boolean due(int every) {
    return every > 0 && progress.step() % every == 0;
  }

  private TrainListener.Step step() {
    CpuClock clock = CpuClock.start();
    parameters.zeroGradients();
    double lossSum = 0;
    long tokens = 0;
    Map<String, Double> auxiliary = new LinkedHashMap<>();
    int batches = config.batchesOf(progress.step(), source.batchesPerEpoch());
    for (int micro = 0; micro < batches; micro++) {
      Accumulated part = accumulate(micro, auxiliary);
      lossSum += part.lossSum();
      tokens += part.tokens();
    }
    checkArgument(
        tokens > 0,
        "train: an update needs at least one token that counts, got none in the batches before"
            + " position %s",
        source.position());
    INDArray gradients = FlatVectors.gradients(parameters);
    if (kept != null) {
      gradients.muli(kept);
    }
    double norm = FlatVectors.norm(gradients) / tokens;
    if (!Double.isFinite(norm)) {
      throw nonFinite("gradient", norm, NanGuard.gradientSource(parameters));
    }
    double clipping = config.clip() == 0 || norm <= config.clip() ? 1 : config.clip() / norm;
    double rate = config.optimizer().lr() * config.schedule().factor(progress.step(), total);
    optimizer.step(clipping / tokens, rate);
    if (kept != null) {
      parameters.values().muli(kept);
    }
    long all = tokens;
    auxiliary.replaceAll((name, sum) -> sum / all);
    return progress.advance(
        source.position(), lossSum, tokens, rate, norm, clock.span(), auxiliary);
  }

  /** Adds the gradient of the summed loss of one batch to the gradients, and sums of others. */
  private Accumulated accumulate(int micro, Map<String, Double> auxiliary) {
    B batch = source.next();
    try (Tape tape = Tape.training()) {
      Context context = Context.training(tape, parameters, seed(micro));
      Objective.Loss loss = objective.loss(context, batch);
      if (loss.count() == 0) {
        return new Accumulated(0, 0);
      }
      double mean = loss.mean().value().getDouble(0);
      if (!Double.isFinite(mean)) {
        throw nonFinite("loss", mean, NanGuard.source(tape, parameters));
      }
      INDArray cotangent = tape.allocate(loss.mean().type(), loss.mean().shape());
      cotangent.assign(loss.count());
      tape.backward(List.of(loss.mean()), List.of(cotangent));
      loss.auxiliary()
          .forEach((name, value) -> auxiliary.merge(name, value * loss.count(), Double::sum));
      return new Accumulated(mean * loss.count(), loss.count());
    }
  }

  private long seed(int micro) {
    return Hashing.murmur3_128()
        .newHasher()
        .putLong(config.seed())
        .putLong(progress.step())
        .putInt(micro)
        .hash()
        .asLong();
  }

  private NonFiniteException nonFinite(String what, double value, String where) {
    long step = progress.step() + 1;
    return new NonFiniteException(
        String.format(
            "training: %s must be finite, got %s at step %d in %s; lower lr, warm up or clip",
            what, value, step, where),
        step,
        where);
  }

  /** Evaluates; returns whether this is the best model so far. */
  private boolean evaluate(Validator judge) {
    boolean best = progress.evaluated(judge.evaluate(parameters));
    if (best) {
      keepBest();
    }
    History.Evaluated evaluated = progress.lastEvaluation();
    listeners.forEach(listener -> listener.evaluated(evaluated, best));
    return best;
  }

  private void keepBest() {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      if (bestValues == null) {
        bestValues = parameters.values().dup();
      } else {
        bestValues.assign(parameters.values());
      }
    }
  }

  private void save(@Nullable Saving saving, @Nullable Provenance provenance) {
    if (saving != null && provenance != null && progress.step() > 0) {
      TrainState state = progress.state(optimizer.steps());
      Path saved = saving.checkpoints.save(provenance, state, parameters, optimizer);
      listeners.forEach(listener -> listener.saved(state.step(), saved));
    }
  }

  /** What checkpoints go to, and the experiment that they are of. */
  private record Saving(Checkpoints checkpoints, Path folder, Object experiment) {}

  private record Accumulated(double lossSum, long tokens) {}
}
