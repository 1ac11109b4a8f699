package io.sequencezoo.core.block;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.hash.Hashing;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a block sees while it runs: the tape, its own parameters by their relative names, whether it
 * trains, its random seed, and the lengths of the rows of the batch.
 */
public final class Context {
  private final Shared shared;
  private final String prefix;

  private Context(Shared shared, String prefix) {
    this.shared = shared;
    this.prefix = prefix;
  }

  /** A context for inference: dropout is off. */
  public static Context inference(Tape tape, Parameters parameters) {
    return new Context(new Shared(tape, parameters, false, 0, null, null), "");
  }

  /** A context for training; seed drives dropout and must differ from step to step. */
  public static Context training(Tape tape, Parameters parameters, long seed) {
    return new Context(new Shared(tape, parameters, true, seed, null, null), "");
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

  /** The context of one of the padded batches of packed sequences. */
  Context ofBatch(PackedSequences.Batch batch) {
    // Batches must not share dropout masks.
    long seed = seed("batch " + batch.sequences()[0]);
    return new Context(shared.with(seed, batch.lengths(), null), prefix);
  }

  /** The context of a part, with parameters under its name. */
  public Context child(String name) {
    return new Context(shared, prefix + name + ".");
  }

  /** The tape. */
  public Tape tape() {
    return shared.tape;
  }

  /** The parameter of this name, relative to the block. One variable per parameter and tape. */
  public Variable parameter(String name) {
    return shared.variables.computeIfAbsent(prefix + name, this::variable);
  }

  /** The data type of all parameters, and of what blocks compute with. */
  DataType parameterType() {
    return shared.parameters.type();
  }

  private Variable variable(String path) {
    INDArray value = shared.parameters.value(path);
    INDArray gradient = shared.parameters.gradient(path);
    return gradient == null ? shared.tape.constant(value) : shared.tape.parameter(value, gradient);
  }

  /** Whether a parameter of this name was declared. */
  public boolean hasParameter(String name) {
    return shared.parameters.contains(prefix + name);
  }

  /** Whether dropout and other training-only behaviour is on. */
  public boolean isTraining() {
    return shared.training;
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
  public int[] lengths() {
    return shared.lengths == null ? null : shared.lengths.clone();
  }

  /** The sequences that the row consists of, or null where rows aren't packed. */
  public PackedSequences sequences() {
    return shared.sequences;
  }

  private static final class Shared {
    private final Tape tape;
    private final Parameters parameters;
    private final boolean training;
    private final long seed;
    private final int[] lengths;
    private final PackedSequences sequences;
    private final Map<String, Variable> variables = new HashMap<>();

    Shared(
        Tape tape,
        Parameters parameters,
        boolean training,
        long seed,
        int[] lengths,
        PackedSequences sequences) {
      this.tape = tape;
      this.parameters = parameters;
      this.training = training;
      this.seed = seed;
      this.lengths = lengths;
      this.sequences = sequences;
    }

    Shared with(long newSeed, int[] newLengths, PackedSequences newSequences) {
      Shared copy = new Shared(tape, parameters, training, newSeed, newLengths, newSequences);
      copy.variables.putAll(variables);
      return copy;
    }
  }
}
