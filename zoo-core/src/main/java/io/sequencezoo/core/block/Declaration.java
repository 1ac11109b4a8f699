package io.sequencezoo.core.block;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Collects the parameters that blocks declare; names are relative to the block's own path. */
public final class Declaration {
  private final String prefix;
  private final List<ParameterSpec> specs;
  private final Set<String> names;

  /** An empty declaration at the root. */
  public Declaration() {
    this("", new ArrayList<>(), new HashSet<>());
  }

  private Declaration(String prefix, List<ParameterSpec> specs, Set<String> names) {
    this.prefix = prefix;
    this.specs = specs;
    this.names = names;
  }

  /** Where a part of a block declares its parameters. */
  public Declaration child(String name) {
    return new Declaration(prefix + name + ".", specs, names);
  }

  /** Declares a weight, to which weight decay applies. */
  public void weight(String name, Initialiser initialiser, long... shape) {
    add(name, initialiser, true, shape);
  }

  /** Declares a parameter that is never decayed: a bias, a norm's gain, a rate. */
  public void undecayed(String name, Initialiser initialiser, long... shape) {
    add(name, initialiser, false, shape);
  }

  private void add(String name, Initialiser initialiser, boolean decayed, long... shape) {
    String path = prefix + name;
    checkArgument(names.add(path), "parameter: %s is declared twice", path);
    checkSize(path, shape);
    specs.add(new ParameterSpec(path, shape.clone(), initialiser, decayed));
  }

  private static void checkSize(String path, long[] shape) {
    long length = 1;
    for (long size : shape) {
      // Less than 2^62 where the sizes themselves are, so that no product overflows unseen.
      boolean fits = size > 0 && size <= Integer.MAX_VALUE;
      length = fits ? Math.min(length * size, Integer.MAX_VALUE + 1L) : -1;
      checkArgument(
          fits && length <= Integer.MAX_VALUE,
          "parameter: %s must have positive dimensions and fewer than 2^31 numbers, got %s",
          path,
          Arrays.toString(shape));
    }
  }

  /** Everything declared so far, in order. */
  public List<ParameterSpec> specs() {
    return List.copyOf(specs);
  }
}
