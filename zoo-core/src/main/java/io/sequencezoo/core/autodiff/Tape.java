package io.sequencezoo.core.autodiff;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import io.sequencezoo.core.kernel.Poison;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.AllocationPolicy;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.memory.enums.ResetPolicy;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One training or inference step: operations are recorded as they are evaluated and differentiated
 * in reverse by {@link #backward}. Every array of the step lives in one workspace that closing the
 * tape gives back whole; detach what must survive.
 *
 * <pre>{@code
 * try (Tape tape = Tape.training()) {
 *   Variable w = tape.variable(weights);
 *   Variable loss = Primitives.sum(tape, Primitives.multiply(tape, w, w));
 *   tape.backward(loss);
 *   INDArray gradient = w.gradient().detach();
 * }
 * }</pre>
 *
 * <p>A tape belongs to the thread that opened it.
 */
public final class Tape implements AutoCloseable {
  private static final WorkspaceConfiguration STEP =
      WorkspaceConfiguration.builder()
          .initialSize(0)
          .overallocationLimit(Headroom.OVERALLOCATION)
          .policyAllocation(AllocationPolicy.OVERALLOCATE)
          .policyLearning(LearningPolicy.FIRST_LOOP)
          .policyReset(ResetPolicy.BLOCK_LEFT)
          .policySpill(SpillPolicy.REALLOCATE)
          .build();

  /** How many tapes of this thread are open: a tape inside another has a workspace of its own. */
  private static final ThreadLocal<Integer> DEPTH = ThreadLocal.withInitial(() -> 0);

  /** Who hears of the operations of this thread's tapes; nobody, usually. */
  private static final ThreadLocal<@Nullable Observer> OBSERVER = new ThreadLocal<>();

  private final Thread owner = Thread.currentThread();
  private final @Nullable Observer observer = OBSERVER.get();
  private final int depth = DEPTH.get();
  private final boolean recording;
  private final @Nullable MemoryWorkspace workspace;
  private final List<Entry> entries = new ArrayList<>();

  /** The arrays of a tape that starts over, or null. */
  private final @Nullable StepArrays reused;

  private final GradientArrays gradientArrays = new GradientArrays();

  /** Whether a pullback runs. */
  private boolean differentiating;

  /** What was computed once for all steps. */
  private final Map<List<Object>, Variable[]> kept = new HashMap<>();

  private int step;
  private long observed = System.nanoTime();
  private final Headroom headroom = new Headroom();
  private boolean closed;

  private Tape(boolean recording, @Nullable String workspaceName, @Nullable StepArrays reused) {
    this.recording = recording;
    this.reused = reused;
    this.workspace =
        workspaceName == null
            ? null
            : Nd4j.getWorkspaceManager()
                .getAndActivateWorkspace(STEP, depth == 0 ? workspaceName : workspaceName + depth);
    DEPTH.set(depth + 1);
  }

  /** A tape that records pullbacks. */
  public static Tape training() {
    return new Tape(true, "zoo-training", null);
  }

  /** A tape that only evaluates; its variables never require gradients. */
  public static Tape inference() {
    return new Tape(false, "zoo-inference", null);
  }

  /**
   * A tape for inference that computes the same again and again, such as a token at a time: each
   * step ends with {@link #startOver}, and the next one writes to the arrays of the one before.
   */
  public static Tape stepping() {
    return new Tape(false, null, new StepArrays());
  }

  /**
   * A recording tape without a workspace of its own: its arrays survive it. For tests and analysis.
   */
  public static Tape detached() {
    return new Tape(true, null, null);
  }

  /** Runs a body whose tapes, of this thread, tell an observer of every operation. */
  public static void observe(Observer observer, Runnable body) {
    @Nullable Observer before = OBSERVER.get();
    OBSERVER.set(observer);
    try {
      body.run();
    } finally {
      OBSERVER.set(before);
    }
  }

  /** Whether operations are recorded for backward. */
  public boolean isRecording() {
    return recording;
  }

  /** Whether someone hears of every operation. */
  public boolean isObserved() {
    return observer != null;
  }

  /** The number of recorded operations. */
  public int length() {
    return entries.size();
  }

  /** What has been recorded and not been differentiated yet, in the order of evaluation. */
  public List<Operation> operations() {
    return entries.stream().map(entry -> operation(entry.outputs, entry.inputs)).toList();
  }

  /** A value that needs no gradient. */
  public Variable constant(INDArray value) {
    return new Variable(this, contiguous(value), false, null);
  }

  /** A leaf whose gradient is wanted. */
  public Variable variable(INDArray value) {
    return new Variable(this, contiguous(value), recording, null);
  }

  /** A leaf whose gradient is added to the given array of the same shape. */
  public Variable parameter(INDArray value, INDArray gradient) {
    checkArgument(
        Arrays.equals(value.shape(), gradient.shape()),
        "parameter: gradient must have shape %s, got %s",
        Arrays.toString(value.shape()),
        Arrays.toString(gradient.shape()));
    return new Variable(this, contiguous(value), recording, gradient, true);
  }

  /** A leaf that stays for as long as the tape, whose gradient nobody wants. */
  public Variable parameter(INDArray value) {
    return new Variable(this, contiguous(value), false, null, true);
  }

  /**
   * What is computed of nothing but variables that stay while steps start over: once on a {@link
   * #stepping} tape, not for every step, and each time on any other.
   *
   * @param what tells computations from one another; equal where they are
   * @param computation depends on {@code of} alone
   * @param of null entries count as variables that stay
   */
  public Variable[] fixed(Object what, Supplier<Variable[]> computation, Variable... of) {
    if (reused == null || !allFixed(of)) {
      return computation.get();
    }
    List<Object> key = new ArrayList<>(Arrays.asList(of));
    key.add(what);
    Variable[] present = kept.get(key);
    if (present == null) {
      present = reused.keep(() -> Replay.once(computation));
      kept.put(key, present);
    }
    return present;
  }

  private static boolean allFixed(Variable[] variables) {
    for (Variable variable : variables) {
      if (variable != null && !variable.isFixed()) {
        return false;
      }
    }
    return true;
  }

  /** Whether what is computed now is computed once. */
  boolean isFixing() {
    return reused != null && reused.isKeeping();
  }

  /**
   * An uninitialised row-major array that lives as long as the tape; one that a pullback asks for
   * lives as long as a gradient lies in it, and at least until the pullback ends.
   *
   * @throws IllegalArgumentException where memory doesn't hold it
   */
  public INDArray allocate(DataType type, long... shape) {
    checkOpen();
    INDArray array =
        reused != null
            ? reused.take(type, shape)
            : differentiating ? ofPullback(type, shape) : create(type, shape);
    if (Poison.isOn() && type.isFPType()) {
      array.assign(Double.NaN);
    }
    return array;
  }

  private INDArray create(DataType type, long[] shape) {
    headroom.take(workspace, type, shape);
    return Nd4j.createUninitialized(type, shape, 'c');
  }

  private INDArray ofPullback(DataType type, long[] shape) {
    INDArray array = gradientArrays.take(type, shape);
    if (array == null) {
      array = create(type, shape);
      gradientArrays.made(array);
    }
    return array;
  }

  /** The arrays of this tape's pullbacks. */
  GradientArrays gradientArrays() {
    return gradientArrays;
  }

  /** An array of zeros that lives as long as the tape. */
  public INDArray zeros(DataType type, long... shape) {
    INDArray array = allocate(type, shape);
    if (type == DataType.FLOAT || type == DataType.DOUBLE) {
      Elementwise.fill(array, 0);
    } else {
      array.assign(0);
    }
    return array;
  }

  /** A row-major copy that lives as long as the tape. */
  public INDArray copy(INDArray array) {
    checkOpen();
    Replay.spoil();
    return array.dup('c');
  }

  /** The same numbers in another row-major shape of as many. */
  INDArray view(INDArray array, long... shape) {
    return reused == null ? array.reshape('c', shape) : reused.view(array, shape);
  }

  /**
   * Ends a step of a {@link #stepping} tape. Values computed on the tape are gone, constants and
   * parameters stay.
   */
  public void startOver() {
    checkOpen();
    checkState(
        reused != null, "startOver: this tape is for one step; use Tape.stepping() for many");
    step++;
    reused.startOver();
  }

  /** How often this tape has started over. */
  int step() {
    return step;
  }

  /**
   * Whether an array goes with this tape or with its step, so that who wants to keep it must copy.
   */
  public boolean owns(INDArray array) {
    return reused == null ? array.isAttached() : reused.owns(array);
  }

  /** Records an operation with one output; inputs that it does without are null. */
  public Variable record(INDArray value, Pullback pullback, @Nullable Variable... inputs) {
    return record(new INDArray[] {value}, pullback, inputs)[0];
  }

  /** Records an operation with several outputs; inputs that it does without are null. */
  public Variable[] record(INDArray[] values, Pullback pullback, @Nullable Variable... inputs) {
    checkOpen();
    boolean needed = recording && anyRequiresGradient(inputs);
    Variable[] outputs = new Variable[values.length];
    for (int i = 0; i < values.length; i++) {
      outputs[i] = new Variable(this, values[i], needed && values[i].dataType().isFPType(), null);
    }
    if (needed) {
      entries.add(new Entry(outputs, inputs.clone(), pullback));
    }
    if (observer != null) {
      observer.evaluated(operation(outputs, inputs), sinceObserved());
      observed = System.nanoTime();
    }
    return outputs;
  }

  /**
   * Whether an operation on these inputs will be recorded, so that it may skip saving for backward.
   */
  public boolean needsPullback(@Nullable Variable... inputs) {
    return recording && anyRequiresGradient(inputs);
  }

  /** Computes the gradients of a scalar with respect to everything that it depends on. */
  public void backward(Variable loss) {
    checkArgument(
        loss.value().length() == 1,
        "backward: loss must be a scalar, got shape %s; use backward(variable, cotangent)",
        Arrays.toString(loss.shape()));
    INDArray one = allocate(loss.type(), loss.shape());
    one.assign(1);
    backward(List.of(loss), List.of(one));
  }

  /** The vector-Jacobian product for several outputs and their cotangents. */
  public void backward(List<Variable> outputs, List<INDArray> cotangents) {
    checkOpen();
    checkState(recording, "backward: this tape is for inference; use Tape.training()");
    checkArgument(
        outputs.size() == cotangents.size(),
        "backward: needs one cotangent per output, got %s for %s",
        cotangents.size(),
        outputs.size());
    for (int i = 0; i < outputs.size(); i++) {
      Variable output = outputs.get(i);
      checkArgument(
          Arrays.equals(output.shape(), cotangents.get(i).shape()),
          "backward: cotangent must have shape %s, got %s",
          Arrays.toString(output.shape()),
          Arrays.toString(cotangents.get(i).shape()));
      checkArgument(
          output.type() == cotangents.get(i).dataType(),
          "backward: cotangent must be of type %s, got %s; use castTo",
          output.type(),
          cotangents.get(i).dataType());
      if (output.requiresGradient()) {
        new Cotangents(this, new Variable[0], new Variable[] {output})
            .share(0, contiguous(cotangents.get(i)));
      }
    }
    observed = System.nanoTime();
    for (int i = entries.size() - 1; i >= 0; i--) {
      Entry entry = entries.get(i);
      if (anyHasGradient(entry.outputs)) {
        differentiate(entry);
        if (observer != null) {
          observer.differentiated(operation(entry.outputs, entry.inputs), sinceObserved());
          observed = System.nanoTime();
        }
      }
    }
    entries.clear();
  }

  private void differentiate(Entry entry) {
    differentiating = true;
    try {
      entry.pullback.apply(new Cotangents(this, entry.outputs, entry.inputs));
    } finally {
      differentiating = false;
    }
    for (Variable output : entry.outputs) {
      output.giveGradientBack();
    }
    gradientArrays.ended();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    checkState(
        Thread.currentThread() == owner,
        "tape: must be closed by the thread that opened it, %s, got %s",
        owner.getName(),
        Thread.currentThread().getName());
    closed = true;
    DEPTH.set(depth);
    entries.clear();
    if (workspace != null) {
      workspace.close();
    }
    if (reused != null) {
      reused.close();
    }
  }

  /** Whether an array of a variable of a step went with it or with this tape. */
  boolean hasReleased(INDArray array, int since) {
    if (reused != null) {
      return (closed || since != step) && reused.owns(array);
    }
    return closed && workspace != null && array.data().getParentWorkspace() == workspace;
  }

  private void checkOpen() {
    checkState(!closed, "tape: must be open, got a closed one; open a new tape for every step");
  }

  private static INDArray contiguous(INDArray value) {
    if (Slab.isContiguous(value)) {
      return value;
    }
    Replay.spoil();
    return value.dup('c');
  }

  private long sinceObserved() {
    return System.nanoTime() - observed;
  }

  private static Operation operation(Variable[] outputs, Variable[] inputs) {
    return new Operation(List.of(outputs), present(inputs));
  }

  private static List<Variable> present(Variable[] inputs) {
    return Arrays.stream(inputs).filter(Objects::nonNull).toList();
  }

  private static boolean anyRequiresGradient(Variable[] variables) {
    for (Variable variable : variables) {
      if (variable != null && variable.requiresGradient()) {
        return true;
      }
    }
    return false;
  }

  private static boolean anyHasGradient(Variable[] variables) {
    for (Variable variable : variables) {
      if (variable.hasGradient()) {
        return true;
      }
    }
    return false;
  }

  /** Hears of operations as they end, from the thread and the stack frame that run them. */
  public interface Observer {
    /** An operation was evaluated, so many nanoseconds after the one before. */
    void evaluated(Operation operation, long nanos);

    /** An operation was differentiated, so many nanoseconds after the one before. */
    void differentiated(Operation operation, long nanos);
  }

  /**
   * A recorded operation.
   *
   * @param outputs what it computed
   * @param inputs what from
   */
  public record Operation(List<Variable> outputs, List<Variable> inputs) {}

  private record Entry(Variable[] outputs, Variable[] inputs, Pullback pullback) {}
}
