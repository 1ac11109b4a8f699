package io.sequencezoo.models.pretrained;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A public layout of weights as a table: which tensors there are, which parameters of the zoo they
 * are, and how one is made of the other. The table is used in both directions.
 *
 * <p>In names {@code {l}} stands for the number of a layer. A rule whose parameters a model doesn't
 * have doesn't apply to it.
 *
 * @param name what it is called
 * @param family what else says about it, for people
 * @param prefix what tensors may begin with besides; empty for nothing
 * @param rules the table
 * @param copies tensors that repeat others, where a file has them
 * @param buffers tensors of a file that aren't weights, kept as they are
 * @param config reads the configuration beside the weights
 */
record Layout(
    String name,
    String family,
    String prefix,
    List<Rule> rules,
    List<Copy> copies,
    List<String> buffers,
    Function<PublicConfig, Described> config) {

  /**
   * A line of the table.
   *
   * @param tensor the public name
   * @param form how it is made
   * @param parameters of the zoo; null for a part that has no effect
   */
  record Rule(String tensor, Form form, List<String> parameters) {}

  /** A tensor that a file may hold besides, equal to another. */
  record Copy(String tensor, String original) {}

  /** A name without the prefix that tensors may have. */
  String bare(String tensor) {
    return tensor.startsWith(prefix) ? tensor.substring(prefix.length()) : tensor;
  }

  /** A layout's table, line by line. */
  static Table table(String name, String family) {
    return new Table(name, family);
  }

  /** Collects the lines. */
  static final class Table {
    private final String name;
    private final String family;
    private String prefix = "";
    private final List<Rule> rules = new ArrayList<>();
    private final List<Copy> copies = new ArrayList<>();
    private final List<String> buffers = new ArrayList<>();

    private Table(String name, String family) {
      this.name = name;
      this.family = family;
    }

    /** What tensors may begin with besides. */
    Table optionalPrefix(String text) {
      prefix = text;
      return this;
    }

    /** A tensor and its parameters. */
    Table tensor(String tensor, Form form, String... parameters) {
      rules.add(new Rule(tensor, form, Arrays.asList(parameters)));
      return this;
    }

    /** A tensor that is a parameter as it is. */
    Table same(String tensor, String parameter) {
      return tensor(tensor, Form.SAME, parameter);
    }

    /** A linear map. */
    Table linear(String tensor, String parameter) {
      return tensor(tensor, Form.TRANSPOSED, parameter);
    }

    /** A tensor that repeats another. */
    Table copy(String tensor, String original) {
      copies.add(new Copy(tensor, original));
      return this;
    }

    /** A tensor that isn't a weight. */
    Table buffer(String tensor) {
      buffers.add(tensor);
      return this;
    }

    /** Other lines. */
    Table add(Table other) {
      rules.addAll(other.rules);
      copies.addAll(other.copies);
      buffers.addAll(other.buffers);
      return this;
    }

    /** The layout. */
    Layout reads(Function<PublicConfig, Described> config) {
      return new Layout(
          name,
          family,
          prefix,
          List.copyOf(rules),
          List.copyOf(copies),
          List.copyOf(buffers),
          config);
    }
  }
}
