package io.sequencezoo.eval.analysis;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.dynamics.nonlinear.ConvergenceReport;
import io.sequencezoo.core.dynamics.nonlinear.NonlinearRecurrence;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.eval.experiment.Alphabet;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.models.model.TokenModel;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A causal mixer with weights and an input, to be looked at: alone as initialised, or in a layer of
 * a trained model.
 */
public final class Probe {
  private final SequenceMixer mixer;
  private final Context context;
  private final DataType type;
  private final List<String> labels;
  private final double[] meanInput;
  private final String inputHash;
  private final IntFunction<LinearSystem> systems;
  private final double @Nullable [][] vectors;

  private Probe(
      SequenceMixer mixer,
      Context context,
      DataType type,
      List<String> labels,
      double[] meanInput,
      HashCode inputHash,
      double @Nullable [][] vectors,
      IntFunction<LinearSystem> systems) {
    checkArgument(
        !mixer.parametrisation().isBidirectional(),
        "%s: must be causal to be a dynamical system in time, got a bidirectional one",
        mixer.parametrisation().name());
    this.mixer = mixer;
    this.context = context;
    this.type = type;
    this.labels = List.copyOf(labels);
    this.meanInput = meanInput;
    this.inputHash = inputHash.toString();
    this.vectors = vectors;
    this.systems = systems;
  }

  /** A mixer of a width as a seed initialises it. */
  public static Probe ofMixer(MixerConfig config, int width, long seed, ProbeInput input) {
    SequenceMixer mixer = config.build(MixerConfig.Place.alone(width));
    Parameters parameters = Parameters.of(mixer, DataType.DOUBLE, seed);
    Context context = Context.inference(Tape.detached(), parameters);
    double[][] vectors = input.vectors(width);
    INDArray x = Nd4j.createFromArray(new double[][][] {vectors});
    context.offerTokens(Nd4j.createFromArray(new int[][] {input.tokens()}));
    return new Probe(
        mixer,
        context,
        DataType.DOUBLE,
        input.labels(),
        mean(vectors, width),
        hash(vectors),
        vectors,
        head -> mixer.linearize(context, context.tape().constant(x), null, 0, head));
  }

  /**
   * The mixer of a layer of a trained model; its input is what the layers below make of the tokens.
   *
   * @param alphabet how its task writes tokens, and which of them are inputs
   */
  public static Probe ofModel(
      ModelFiles.Saved saved, int layer, Alphabet alphabet, ProbeInput input) {
    TokenModel model = saved.tokenModel();
    int layers = model.mixers().size();
    checkArgument(
        layer >= 0 && layer < layers, "model: layer must be in [0, %s), got %s", layers, layer);
    Context context = Context.inference(Tape.detached(), saved.parameters());
    int[] tokens = input.tokens(alphabet);
    INDArray ids = Nd4j.createFromArray(new int[][] {tokens});
    return new Probe(
        model.mixer(layer),
        model.mixerContext(context, layer),
        saved.parameters().type(),
        Arrays.stream(tokens).mapToObj(alphabet::symbol).toList(),
        new double[model.mixer(layer).parametrisation().width()],
        hash(new double[][] {Arrays.stream(tokens).asDoubleStream().toArray()}),
        null,
        head -> model.linearize(context, ids, layer, head));
  }

  private static HashCode hash(double[][] rows) {
    Hasher hasher = Hashing.sha256().newHasher();
    for (double[] row : rows) {
      for (double x : row) {
        hasher.putDouble(x);
      }
    }
    return hasher.hash();
  }

  private static double[] mean(double[][] vectors, int width) {
    double[] mean = new double[width];
    for (double[] vector : vectors) {
      for (int d = 0; d < width; d++) {
        mean[d] += vector[d] / vectors.length;
      }
    }
    return mean;
  }

  /** The architecture. */
  public SequenceMixer mixer() {
    return mixer;
  }

  /** A label per step. */
  public List<String> labels() {
    return labels;
  }

  /** T. */
  public int steps() {
    return labels.size();
  }

  /** The mean over time of the mixer's input; zero inside a model, where a norm comes before. */
  public double[] meanInput() {
    return meanInput.clone();
  }

  /** A hash of the input. */
  public String inputHash() {
    return inputHash;
  }

  /** The linear system that a head is along the input, from the start of a sequence. */
  public LinearSystem linearize(int head) {
    int heads = heads();
    checkArgument(
        head >= 0 && head < heads,
        "%s: head must be in [0, %s), got %s",
        mixer.parametrisation().name(),
        heads,
        head);
    return systems.apply(head);
  }

  /** The number of systems that run side by side, each with outputs of its own. */
  public int heads() {
    Parametrisation parametrisation = mixer.parametrisation();
    Tape tape = context.tape();
    Variable x = tape.constant(Nd4j.zeros(type, 1, 1, parametrisation.width()));
    State state = mixer.initialState(context, 1, type);
    Context any = context.withTokens(() -> Nd4j.zeros(DataType.INT32, 1, 1));
    Parametrisation.Drive drive = parametrisation.drive(any, x, state);
    Recurrence recurrence = parametrisation.recurrence();
    Map<String, Variable> parts = new HashMap<>(state.parts());
    parts.keySet().retainAll(recurrence.initialState(drive.coefficients(), type).parts().keySet());
    Variable y =
        recurrence
            .evolve(
                tape, Solver.AUTO, drive.coefficients(), new State(parts, state.consumed()), null)
            .outputs();
    return y.rank() == 4 ? y.size(2) : 1;
  }

  /**
   * How Newton's method solves the recurrence along the input; nothing where the recurrence has no
   * such solver, or inside a model.
   */
  public Optional<ConvergenceReport> newton() {
    Parametrisation parametrisation = mixer.parametrisation();
    if (vectors == null
        || !(parametrisation.recurrence() instanceof NonlinearRecurrence recurrence)) {
      return Optional.empty();
    }
    INDArray x = Nd4j.createFromArray(new double[][][] {vectors}).castTo(type);
    State state = mixer.initialState(context, 1, type);
    Parametrisation.Drive drive = parametrisation.drive(context, context.tape().constant(x), state);
    State before = recurrence.initialState(drive.coefficients(), type);
    return Optional.ofNullable(
        recurrence.solve(context.tape(), drive.coefficients(), before, null, null).report());
  }

  /** The context of the mixer, on a tape that stays open. */
  Context context() {
    return context;
  }

  /** The precision of the weights. */
  DataType type() {
    return type;
  }
}
