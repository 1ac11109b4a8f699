package io.sequencezoo.datasets.formal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/** The permutations of a few items, or the even ones; elements are numbered, the identity is 0. */
final class PermutationGroup {
  /** The permutations of three items. */
  static final PermutationGroup S3 = new PermutationGroup(3, false);

  /** Those of five items that take an even number of swaps. */
  static final PermutationGroup A5 = new PermutationGroup(5, true);

  /** The permutations of five items. */
  static final PermutationGroup S5 = new PermutationGroup(5, false);

  private final List<int[]> elements = new ArrayList<>();
  private final int[][] products;

  private PermutationGroup(int items, boolean evenOnly) {
    add(new int[items], 0, evenOnly);
    Map<List<Integer>, Integer> numbers = new HashMap<>();
    elements.forEach(element -> numbers.put(key(element), numbers.size()));
    products = new int[order()][order()];
    for (int first = 0; first < order(); first++) {
      for (int second = 0; second < order(); second++) {
        int[] image = elements.get(second);
        int[] both = Arrays.stream(elements.get(first)).map(i -> image[i]).toArray();
        products[first][second] = Objects.requireNonNull(numbers.get(key(both)));
      }
    }
  }

  /** All that begin so, in the order of dictionaries. */
  private void add(int[] permutation, int chosen, boolean evenOnly) {
    if (chosen == permutation.length) {
      if (!evenOnly || inversions(permutation) % 2 == 0) {
        elements.add(permutation.clone());
      }
      return;
    }
    for (int item = 0; item < permutation.length; item++) {
      int candidate = item;
      if (Arrays.stream(permutation, 0, chosen).noneMatch(other -> other == candidate)) {
        permutation[chosen] = item;
        add(permutation, chosen + 1, evenOnly);
      }
    }
  }

  private static int inversions(int[] permutation) {
    int inversions = 0;
    for (int i = 0; i < permutation.length; i++) {
      for (int j = i + 1; j < permutation.length; j++) {
        inversions += permutation[i] > permutation[j] ? 1 : 0;
      }
    }
    return inversions;
  }

  private static List<Integer> key(int[] permutation) {
    return Arrays.stream(permutation).boxed().toList();
  }

  /** The number of elements. */
  int order() {
    return elements.size();
  }

  /** Where an element takes every item. */
  int[] element(int number) {
    return elements.get(number).clone();
  }

  /** The elements that leave all but so many items where they are, the identity among them. */
  int[] movingAtMost(int items) {
    return IntStream.range(0, order()).filter(i -> moved(elements.get(i)) <= items).toArray();
  }

  private static long moved(int[] permutation) {
    return IntStream.range(0, permutation.length).filter(i -> permutation[i] != i).count();
  }

  /** The element that does one after the other, by both of them. */
  int[][] products() {
    return products;
  }
}
