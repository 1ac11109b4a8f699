package io.sequencezoo.dl4j;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.hash.Hashing;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs the mixer of a {@link MixerLayer}: one tape per call, results copied to the workspaces that
 * DL4J asks for. DL4J's {@code summary()} shows this class's name. The backward pass evaluates the
 * mixer again, as DL4J's own LSTM does: a tape can't stay open from {@code activate} to {@code
 * backpropGradient}, because DL4J's workspaces open and close in between.
 */
final class Mixer extends BaseRecurrentLayer<MixerLayer> {
  /** Tokens seen by each row, beside the parts of the {@link State} in DL4J's state map. */
  private static final String CONSUMED = "consumed";

  private final transient SequenceMixer mixer;
  private transient @Nullable Binding binding;

  /**
   * The stored state that the last evaluation started from. DL4J's MultiLayerNetwork calls the
   * plain {@link #backpropGradient} even after evaluating from a stored state.
   */
  private transient Map<String, INDArray> start = Map.of();

  Mixer(NeuralNetConfiguration conf, DataType type, SequenceMixer mixer) {
    super(conf, type);
    this.mixer = mixer;
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    return evaluate(training, Map.of(), null, workspaces);
  }

  @Override
  public INDArray rnnTimeStep(INDArray tokens, LayerWorkspaceMgr workspaces) {
    setInput(tokens, workspaces);
    return evaluate(false, stateMap, stateMap, workspaces);
  }

  @Override
  public INDArray rnnActivateUsingStoredState(
      INDArray tokens, boolean training, boolean storeLast, LayerWorkspaceMgr workspaces) {
    setInput(tokens, workspaces);
    return evaluate(training, stateMap, storeLast ? tBpttStateMap : null, workspaces);
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    return differentiate(epsilon, workspaces);
  }

  @Override
  public Pair<Gradient, INDArray> tbpttBackpropGradient(
      INDArray epsilon, int backwardLength, LayerWorkspaceMgr workspaces) {
    long length = epsilon.size(isTimeLast() ? 2 : 1);
    checkArgument(
        backwardLength >= length,
        "%s: tBPTTBackwardLength must cover the whole segment of T=%s, got %s; set it to"
            + " tBPTTForwardLength",
        name(),
        length,
        backwardLength);
    return differentiate(epsilon, workspaces);
  }

  private INDArray evaluate(
      boolean training,
      Map<String, INDArray> before,
      @Nullable Map<String, INDArray> after,
      LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    applyDropOutIfNecessary(training, workspaces);
    start = Map.copyOf(before);
    Spans spans = spans();
    try (Tape tape = Tape.inference()) {
      Pass pass = run(tape, spans, training);
      if (after != null) {
        store(pass.after(), after);
      }
      INDArray y = layout(spans.place(pass.y().value()));
      return workspaces.dup(ArrayType.ACTIVATIONS, y, 'c');
    }
  }

  private Pair<Gradient, INDArray> differentiate(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    Spans spans = spans();
    INDArray inputEpsilon;
    try (Tape tape = Tape.training()) {
      Pass pass = run(tape, spans, true);
      parameters().zeroGradients();
      tape.backward(List.of(pass.y()), List.of(spans.take(tokens(epsilon))));
      INDArray ofX = pass.x().gradient();
      INDArray own = ofX != null ? ofX : tape.zeros(pass.x().type(), pass.x().shape());
      INDArray gradient = layout(spans.place(own));
      inputEpsilon = workspaces.dup(ArrayType.ACTIVATION_GRAD, gradient, 'c');
    }
    Gradient gradient = new DefaultGradient(gradientsFlattened);
    gradientViews.forEach((name, view) -> gradient.setGradientFor(name, view, 'c'));
    return new Pair<>(gradient, backpropDropOutIfPresent(inputEpsilon));
  }

  /** The mixer on what the mask leaves of the current input; x and y are {@code [B, T, D]}. */
  private Pass run(Tape tape, Spans spans, boolean training) {
    Variable x = tape.variable(spans.take(tokens(sequence(input))));
    Context context =
        training
            ? Context.training(tape, parameters(), seed())
            : Context.inference(tape, parameters());
    State state = start.isEmpty() ? null : load(tape, start, x.size(0));
    // One token at a time takes the path whose time doesn't depend on the tokens before, but which
    // has no gradient.
    boolean step = !training && maskArray == null && state != null && x.size(1) == 1;
    Evolution evolution =
        step
            ? mixer.step(context, x, state)
            : mixer.forward(
                maskArray == null ? context : context.withLengths(spans.lengths()), x, state);
    return new Pass(x, evolution.outputs(), evolution.state());
  }

  private Spans spans() {
    INDArray tokens = tokens(sequence(input));
    return Spans.of(name(), maskArray, (int) tokens.size(0), (int) tokens.size(1));
  }

  /** From the layout of the network to {@code [B, T, D]}. */
  private INDArray tokens(INDArray array) {
    INDArray typed = array.castTo(dataType);
    return isTimeLast() ? typed.permute(0, 2, 1) : typed;
  }

  /** From {@code [B, T, D]} to the layout of the network. */
  private INDArray layout(INDArray tokens) {
    return isTimeLast() ? tokens.permute(0, 2, 1) : tokens;
  }

  private INDArray sequence(INDArray array) {
    if (array.rank() == 2) {
      // DL4J gives a single token as [B, D].
      return isTimeLast()
          ? array.reshape(array.size(0), array.size(1), 1)
          : array.reshape(array.size(0), 1, array.size(1));
    }
    checkArgument(
        array.rank() == 3,
        "%s: input must have axes %s, got shape %s",
        name(),
        isTimeLast() ? "[B, D, T]" : "[B, T, D]",
        Arrays.toString(array.shape()));
    return array;
  }

  private State load(Tape tape, Map<String, INDArray> stored, int batch) {
    Map<String, Variable> parts = new LinkedHashMap<>();
    stored.forEach(
        (part, value) -> {
          if (!part.equals(CONSUMED)) {
            // Not a constant, which would copy a cache that is a view of a larger one.
            parts.put(part, tape.record(value, cotangents -> {}));
          }
        });
    INDArray counts = stored.get(CONSUMED);
    checkArgument(
        counts != null,
        "%s: stored state must have %s, got %s; store what rnnGetPreviousState() gave",
        name(),
        CONSUMED,
        stored.keySet());
    int[] consumed = counts.toIntVector();
    checkArgument(
        consumed.length == batch,
        "%s: batch must have the B=%s rows of the stored state, got %s; call"
            + " rnnClearPreviousState() between batches",
        name(),
        consumed.length,
        batch);
    return new State(parts, consumed);
  }

  private static void store(State state, Map<String, INDArray> into) {
    State kept = state.detach();
    into.clear();
    kept.parts().forEach((part, variable) -> into.put(part, variable.value()));
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      into.put(CONSUMED, Nd4j.createFromArray(kept.consumed()));
    }
  }

  /** The mixer's named views of the vectors that DL4J holds now. */
  private Parameters parameters() {
    Binding present = binding;
    if (present == null
        || present.values() != paramsFlattened
        || present.gradients() != gradientsFlattened) {
      INDArray values = MixerParameters.vector(paramsFlattened);
      INDArray gradients =
          gradientsFlattened == null ? null : MixerParameters.vector(gradientsFlattened);
      present =
          new Binding(
              paramsFlattened, gradientsFlattened, Parameters.over(mixer, values, gradients));
      binding = present;
    }
    return present.parameters();
  }

  /** The same in the forward and the backward pass of an iteration, another in the next. */
  private long seed() {
    return Hashing.murmur3_128()
        .newHasher()
        .putLong(conf().getSeed())
        .putInt(getIndex())
        .putInt(getIterationCount())
        .hash()
        .asLong();
  }

  /** DL4J's version reads the vector column-major; the views of the zoo are row-major. */
  @Override
  public void setParams(INDArray values) {
    if (values != paramsFlattened) {
      MixerParameters.vector(paramsFlattened).assign(MixerParameters.vector(values));
    }
  }

  @Override
  public Type type() {
    return Type.RECURRENT;
  }

  @Override
  public boolean isPretrainLayer() {
    return false;
  }

  private boolean isTimeLast() {
    return getDataFormat() != RNNFormat.NWC;
  }

  private String name() {
    return "mixer layer " + layerConf().getLayerName();
  }

  private record Pass(Variable x, Variable y, State after) {}

  private record Binding(INDArray values, @Nullable INDArray gradients, Parameters parameters) {}
}
