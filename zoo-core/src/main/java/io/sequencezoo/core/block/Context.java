package io.sequencezoo.core.block;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.hash.Hashing;
import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.kernel.Replay;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a block sees while it runs: the tape, its own parameters by their relative names, whether it
 * trains, its random seed, the lengths of the rows of the batch and, where a model's input has
 * them, the tokens. Values pass through it to whoever looks at them ({@link Interceptor}), and
 * losses of blocks are collected in it.
 */
public final class Context {
  private final Shared shared;
  private final String prefix;

  // Kept because a step of a few tokens asks for each again and again.
  private final Map<String, Context> children = new HashMap<>();
  private final Map<String, Variable> own = new HashMap<>();

  private Context(Shared shared, String prefix) {
    this.shared = shared;
    this.prefix = prefix;
  }

  /** A context for inference: dropout is off. */
  public static Context inference(Tape tape, Parameters parameters) {
    return root(new Pass(tape, parameters, false, null), 0);
  }

  /** A context for training; seed drives dropout and must differ from step to step. */
  public static Context training(Tape tape, Parameters parameters, long seed) {
    return root(new Pass(tape, parameters, true, null), seed);
  }

  private static Context root(Pass pass, long seed) {
    return new Context(new Shared(pass, seed, null, null, pass.offered::tokens), "");
  }

  /**
   * The same context for right-padded rows: row b has {@code lengths[b]} valid positions. Padded
   * positions leave states alone, and outputs there are unspecified.
   */
  public Context withLengths(int[] lengths) {
    checkArgument(
        shared.sequences == null, "context: rows must be padded or packed, got both; choose one");
    return new Context(shared.with(shared.seed, lengths.clone(), null), prefix);
  }

  /**
   * The same context for sequences that come one after the other in one row, {@code [1, N, ...]}:
   * nothing passes from one to the next, and positions start anew. States have one row per
   * sequence.
   */
  public Context withSequences(PackedSequences sequences) {
    checkArgument(
        shared.lengths == null, "context: rows must be padded or packed, got both; choose one");
    return new Context(shared.with(shared.seed, null, sequences), prefix);
  }

  /**
   * The same context with someone who sees every value that passes a place; where there is one
   * already, the new one is between it and the computations. Losses are collected for both.
   */
  public Context intercepted(Interceptor interceptor) {
    Interceptor before = shared.pass.interceptor;
    Interceptor both = before == null ? interceptor : before.around(interceptor);
    return new Context(shared.with(shared.pass.intercepted(both)), prefix);
  }

  /**
   * The same context where a part runs once more in one pass: what it drops in training is drawn
   * anew.
   *
   * @param time how often it has run before
   */
  public Context again(int time) {
    return time == 0 || !isTraining()
        ? this
        : new Context(shared.with(seed("again " + time), shared.lengths, shared.sequences), prefix);
  }

  /** The context of one of the padded batches of packed sequences. */
  Context ofBatch(PackedSequences.Batch batch) {
    // Batches must not share dropout masks.
    long seed = seed("batch " + batch.sequences()[0]);
    PackedSequences packed = shared.sequences;
    Context padded = new Context(shared.with(seed, batch.lengths(), null), prefix);
    return padded.withTokens(() -> unpacked(packed, tokens(), batch));
  }

  private @Nullable INDArray unpacked(
      @Nullable PackedSequences packed, @Nullable INDArray row, PackedSequences.Batch batch) {
    return row == null || packed == null
        ? null
        : packed.unpack(tape(), tape().constant(row), batch).value();
  }

  /**
   * The same context for a stream whose positions aren't those of the model's input, such as one
   * that runs backwards.
   *
   * @param tokens gives the token of every position {@code [B, T]}, or null for none; called when a
   *     block asks
   */
  public Context withTokens(Supplier<@Nullable INDArray> tokens) {
    return new Context(shared.with(tokens), prefix);
  }

  /**
   * Offers the tokens of a model's input {@code [B, T]} to the blocks of this pass, in place of
   * those before; null where it is of something else.
   */
  public void offerTokens(@Nullable INDArray tokens) {
    shared.pass.offered.tokens = tokens;
  }

  /**
   * The tokens {@code [B, T]} behind the positions of this block's input, padding included; null
   * where there are none.
   */
  public @Nullable INDArray tokens() {
    Replay.spoil();
    return shared.tokens.get();
  }

  /**
   * The same as {@link #tokensOf}, for whoever reads them in the tasks of {@link
   * io.sequencezoo.core.kernel.Parallel} alone.
   */
  public INDArray tokenOperand(String subject, Variable x) {
    return checked(subject, x, shared.tokens.get());
  }

  /**
   * The tokens behind the positions of a stream.
   *
   * @param subject who can't do without, for messages
   * @param x {@code [B, T, ...]}
   * @throws IllegalArgumentException where there are none, or of other positions
   */
  public INDArray tokensOf(String subject, Variable x) {
    return checked(subject, x, tokens());
  }

  private static INDArray checked(String subject, Variable x, @Nullable INDArray tokens) {
    checkArgument(
        tokens != null,
        "%s: needs the tokens of its input, got numbers; use it in a model of tokens such as"
            + " language_model",
        subject);
    checkArgument(
        tokens.rank() == 2 && tokens.size(0) == x.size(0) && tokens.size(1) == x.size(1),
        "%s: tokens must be [B, T] = [%s, %s] as the input is, got %s; offer those of the input",
        subject,
        x.size(0),
        x.size(1),
        Arrays.toString(tokens.shape()));
    return tokens;
  }

  /** The context of a part, with parameters under its name. */
  public Context child(String name) {
    return children.computeIfAbsent(name, child -> new Context(shared, prefix + child + "."));
  }

  /** The tape. */
  public Tape tape() {
    return shared.pass.tape;
  }

  /** The parameter of this name, relative to the block. One variable per parameter and tape. */
  public Variable parameter(String name) {
    return own.computeIfAbsent(
        name, asked -> shared.variables.computeIfAbsent(prefix + asked, this::variable));
  }

  /** The data type of all parameters, and of what blocks compute with. */
  DataType parameterType() {
    return shared.pass.parameters.type();
  }

  /**
   * Ends a step on a {@link Tape#stepping} tape: what was computed and the losses of blocks are
   * gone, parameters stay.
   */
  public void startOver() {
    shared.pass.tape.startOver();
    shared.pass.losses.clear();
  }

  private Variable variable(String path) {
    INDArray value = shared.pass.parameters.value(path);
    INDArray gradient = shared.pass.parameters.gradient(path);
    return gradient == null
        ? shared.pass.tape.parameter(value)
        : shared.pass.tape.parameter(value, gradient);
  }

  /** Whether a parameter of this name was declared. */
  public boolean hasParameter(String name) {
    return shared.pass.parameters.contains(prefix + name);
  }

  /** Whether dropout and other training-only behaviour is on. */
  public boolean isTraining() {
    return shared.pass.training;
  }

  /** A seed of this step for a random choice of this block. */
  public long seed(String purpose) {
    return Hashing.murmur3_128()
        .newHasher()
        .putLong(shared.seed)
        .putString(prefix + purpose, StandardCharsets.UTF_8)
        .hash()
        .asLong();
  }

  /** The number of valid positions of each row, or null where all positions are valid. */
  public int @Nullable [] lengths() {
    return shared.lengths == null ? null : shared.lengths.clone();
  }

  /** The sequences that the row consists of, or null where rows aren't packed. */
  public @Nullable PackedSequences sequences() {
    return shared.sequences;
  }

  /** Whether someone looks at values, so that naming them is worth the while. */
  public boolean isIntercepted() {
    return shared.pass.interceptor != null;
  }

  /**
   * What a computation makes of x, or whoever is attached in its stead.
   *
   * @param place the name of the computation under this block, such as that of a part; empty for
   *     the block itself
   */
  public Variable pass(String place, Variable x, UnaryOperator<Variable> inner) {
    Interceptor interceptor = shared.pass.interceptor;
    return interceptor == null ? inner.apply(x) : interceptor.at(path(place), x, inner);
  }

  /** A value, or what whoever is attached replaces it by. */
  public Variable pass(String place, Variable value) {
    return pass(place, value, UnaryOperator.identity());
  }

  /**
   * What this block makes of x and the state that it leaves, or whoever is attached in its stead.
   *
   * @param untouched the state that a block leaves that is skipped
   */
  public Evolution pass(
      Variable x, Function<Variable, Evolution> inner, Supplier<State> untouched) {
    if (!isIntercepted()) {
      return inner.apply(x);
    }
    State[] left = new State[1];
    Variable y =
        pass(
            "",
            x,
            in -> {
              Evolution evolution = inner.apply(in);
              left[0] = evolution.state();
              return evolution.outputs();
            });
    return new Evolution(y, left[0] != null ? left[0] : untouched.get());
  }

  private String path(String place) {
    // A prefix ends with a dot, but for that of the root.
    boolean self = place.isEmpty() && !prefix.isEmpty();
    return self ? prefix.substring(0, prefix.length() - 1) : prefix + place;
  }

  /**
   * Adds a loss of this block, such as a ponder cost, to the objective's; several of one name add
   * up, and must have one weight.
   *
   * @param name of the loss under this block
   * @param weight what the objective multiplies it by
   * @param value a scalar, a mean over tokens
   */
  public void addLoss(String name, double weight, Variable value) {
    checkArgument(
        value.length() == 1,
        "context: loss %s must be a scalar, got %s numbers",
        name,
        value.length());
    AuxiliaryLoss before = shared.pass.losses.get(path(name));
    checkArgument(
        before == null || before.weight() == weight,
        "context: loss %s must have one weight, got %s after %s; give it another name",
        path(name),
        weight,
        before == null ? 0 : before.weight());
    Variable sum = before == null ? value : Primitives.add(tape(), before.value(), value);
    shared.pass.losses.put(path(name), new AuxiliaryLoss(weight, sum));
  }

  /** The losses that blocks have added on this tape so far, by path. */
  public Map<String, AuxiliaryLoss> losses() {
    return Collections.unmodifiableMap(shared.pass.losses);
  }

  /**
   * A loss of a block.
   *
   * @param weight what the objective multiplies it by
   * @param value a scalar, a mean over tokens
   */
  public record AuxiliaryLoss(double weight, Variable value) {}

  /** What all contexts of one pass through a model share. */
  private record Pass(
      Tape tape,
      Parameters parameters,
      boolean training,
      @Nullable Interceptor interceptor,
      Map<String, AuxiliaryLoss> losses,
      Offered offered) {
    Pass(Tape tape, Parameters parameters, boolean training, @Nullable Interceptor interceptor) {
      this(tape, parameters, training, interceptor, new LinkedHashMap<>(), new Offered());
    }

    Pass intercepted(Interceptor other) {
      return new Pass(tape, parameters, training, other, losses, offered);
    }
  }

  /** What a model's input offers: kept by the pass, since a context for every step costs more. */
  private static final class Offered {
    private @Nullable INDArray tokens;

    @Nullable INDArray tokens() {
      return tokens;
    }
  }

  private static final class Shared {
    private final Pass pass;
    private final long seed;
    private final int @Nullable [] lengths;
    private final @Nullable PackedSequences sequences;
    private final Supplier<@Nullable INDArray> tokens;
    private final Map<String, Variable> variables = new HashMap<>();

    Shared(
        Pass pass,
        long seed,
        int @Nullable [] lengths,
        @Nullable PackedSequences sequences,
        Supplier<@Nullable INDArray> tokens) {
      this.pass = pass;
      this.seed = seed;
      this.lengths = lengths;
      this.sequences = sequences;
      this.tokens = tokens;
    }

    Shared with(long newSeed, int @Nullable [] newLengths, @Nullable PackedSequences newSequences) {
      return copy(new Shared(pass, newSeed, newLengths, newSequences, tokens));
    }

    Shared with(Pass newPass) {
      return copy(new Shared(newPass, seed, lengths, sequences, tokens));
    }

    Shared with(Supplier<@Nullable INDArray> newTokens) {
      return copy(new Shared(pass, seed, lengths, sequences, newTokens));
    }

    private Shared copy(Shared other) {
      other.variables.putAll(variables);
      return other;
    }
  }
}
