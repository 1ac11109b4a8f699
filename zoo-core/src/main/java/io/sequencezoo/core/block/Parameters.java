package io.sequencezoo.core.block;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.hash.Hashing;
import com.google.common.math.LongMath;
import io.sequencezoo.core.kernel.Memory;
import io.sequencezoo.core.kernel.Slab;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The parameters of a model: one flat vector of values and one of gradients, and a named view of
 * each parameter in both. Lives outside every workspace.
 */
public final class Parameters {
  private final List<ParameterSpec> specs;
  private final INDArray values;
  private final @Nullable INDArray gradients;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private Parameters(List<ParameterSpec> specs, INDArray values, @Nullable INDArray gradients) {
    this.specs = specs;
    this.values = values;
    this.gradients = gradients;
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      long offset = 0;
      for (ParameterSpec spec : specs) {
        INDArray gradient = gradients == null ? null : view(gradients, offset, spec);
        entries.put(spec.name(), new Entry(spec, offset, view(values, offset, spec), gradient));
        offset += spec.length();
      }
    }
  }

  /** Allocates and initialises what a block declares. */
  public static Parameters of(Block block, DataType type, long seed) {
    Parameters parameters = unset(block, type);
    parameters.initialise(seed);
    return parameters;
  }

  /** Allocates what a block declares, for values that come from elsewhere; until then zero. */
  public static Parameters unset(Block block, DataType type) {
    List<ParameterSpec> specs = declared(block);
    long length = Math.max(1, length(specs));
    // Values, gradients, and the first values of the largest, drawn in double.
    long largest = specs.stream().mapToLong(ParameterSpec::length).max().orElse(0);
    long numbers = LongMath.saturatedAdd(LongMath.saturatedAdd(length, length), largest);
    Memory.checkFits("parameters: " + length + " of them", numbers, type.width());
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return new Parameters(specs, Nd4j.create(type, length), Nd4j.create(type, length));
    }
  }

  /**
   * The same without gradients: a model that isn't trained takes half the memory. Its parameters
   * are constants.
   */
  public static Parameters unsetConstants(Block block, DataType type) {
    List<ParameterSpec> specs = declared(block);
    long length = Math.max(1, length(specs));
    Memory.checkFits("parameters: " + length + " of them", length, type.width());
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return new Parameters(specs, Nd4j.create(type, length), null);
    }
  }

  /**
   * What a block declares as views of vectors that belong to someone else, such as a network of
   * another library. Values stay as they are.
   *
   * @param gradients null where no gradient will be asked for; parameters are constants then
   */
  public static Parameters over(Block block, INDArray values, @Nullable INDArray gradients) {
    List<ParameterSpec> specs = declared(block);
    checkVector("values", values, length(specs));
    if (gradients != null) {
      checkVector("gradients", gradients, length(specs));
    }
    return new Parameters(specs, values, gradients);
  }

  private static void checkVector(String name, INDArray vector, long length) {
    checkArgument(
        vector.rank() == 1 && vector.length() == length && Slab.isContiguous(vector),
        "parameters: %s must be one contiguous vector of %s numbers, got shape %s",
        name,
        length,
        Arrays.toString(vector.shape()));
  }

  private static List<ParameterSpec> declared(Block block) {
    Declaration declaration = new Declaration();
    block.declare(declaration);
    return declaration.specs();
  }

  private static long length(List<ParameterSpec> specs) {
    return specs.stream().mapToLong(ParameterSpec::length).reduce(0, LongMath::saturatedAdd);
  }

  /**
   * Draws all values anew; a parameter's values depend on seed, name, shape and initialiser alone.
   */
  public void initialise(long seed) {
    for (Entry entry : entries.values()) {
      long stream =
          Hashing.murmur3_128()
              .newHasher()
              .putLong(seed)
              .putString(entry.spec.name(), StandardCharsets.UTF_8)
              .hash()
              .asLong();
      double[] fresh =
          entry.spec.initialiser().values(entry.spec.shape(), new SplittableRandom(stream));
      try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
        INDArray source = Nd4j.createFromArray(fresh).castTo(values.dataType());
        entry.value.assign(source.reshape(entry.spec.shape()));
      }
    }
  }

  private static INDArray view(INDArray flat, long offset, ParameterSpec spec) {
    return flat.get(NDArrayIndex.interval(offset, offset + spec.length()))
        .reshape('c', spec.shape());
  }

  /** The number of parameters. */
  public long count() {
    return length(specs);
  }

  /** What was declared, in the order of the flat vector. */
  public List<ParameterSpec> specs() {
    return specs;
  }

  /** All values in one vector. */
  public INDArray values() {
    return values;
  }

  /** All gradients in one vector, in the same order; null where there are none. */
  public @Nullable INDArray gradients() {
    return gradients;
  }

  /** Sets every gradient to zero. */
  public void zeroGradients() {
    if (gradients != null) {
      gradients.assign(0);
    }
  }

  /** Where a parameter starts in the flat vectors. */
  public long offset(String name) {
    return entry(name).offset;
  }

  /** The view of a parameter's values. */
  public INDArray value(String name) {
    return entry(name).value;
  }

  /** The view of a parameter's gradient; null where there are none. */
  public @Nullable INDArray gradient(String name) {
    return entry(name).gradient;
  }

  /** Whether a parameter of this name exists. */
  public boolean contains(String name) {
    return entries.containsKey(name);
  }

  /** The data type of all parameters. */
  public DataType type() {
    return values.dataType();
  }

  private Entry entry(String name) {
    Entry entry = entries.get(name);
    checkArgument(
        entry != null, "parameter: no parameter is named %s; known: %s", name, entries.keySet());
    return entry;
  }

  private record Entry(
      ParameterSpec spec, long offset, INDArray value, @Nullable INDArray gradient) {}
}
