package io.sequencezoo.models.ngram;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.HashSet;
import java.util.List;

/** The lengths of n-grams that a configuration names. */
final class Orders {
  private Orders() {}

  /**
   * Them in ascending order.
   *
   * @param type the configuration's, for messages
   * @param none what to use where none is given
   * @param range what to use where one is out of range
   */
  static List<Integer> checked(
      String type, List<Integer> orders, int longest, String none, String range) {
    checkArgument(
        orders != null && !orders.isEmpty(),
        "%s: orders must name at least one, got %s; use %s",
        type,
        orders,
        none);
    for (Integer order : orders) {
      checkArgument(
          order != null && order >= 1 && order <= longest,
          "%s: orders must be between 1 and %s, got %s; use %s",
          type,
          longest,
          order,
          range);
    }
    checkArgument(
        new HashSet<>(orders).size() == orders.size(),
        "%s: orders must differ, got %s; leave the second of each out",
        type,
        orders);
    return orders.stream().sorted().toList();
  }
}
