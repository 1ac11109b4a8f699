package io.sequencezoo.core.contract;

import java.util.List;
import java.util.Optional;

/**
 * A type of block some of whose examples look both ways, and why they keep no law of states: steps,
 * hand-over, causality, the linear form. A test holds that exactly these types have such examples.
 *
 * @param type the type name
 * @param reason what takes the state's place
 */
public record Exemption(String type, String reason) {
  /** Why differences and linear forms are compared in double alone. */
  static final String IN_FLOAT = "float's rounding is above the law's tolerance; double is checked";

  private static final List<Exemption> ALL =
      List.of(
          new Exemption("linear_attention", "every position reads the sum over the sequence"),
          new Exemption("lightnet", "its softmax over time is that of the whole sequence"),
          new Exemption("s5", "a second scan runs against time"),
          new Exemption("bidirectional", "a second mixer runs against time"));

  /** All of them. */
  public static List<Exemption> all() {
    return ALL;
  }

  /** That of a type. */
  static Optional<Exemption> find(String type) {
    return ALL.stream().filter(exemption -> exemption.type().equals(type)).findFirst();
  }
}
