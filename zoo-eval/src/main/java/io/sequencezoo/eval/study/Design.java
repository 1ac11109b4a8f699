package io.sequencezoo.eval.study;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.models.model.LayeredConfig;
import java.util.ArrayList;
import java.util.List;

/** Which changes meet in a model. The first variant is what the others are compared with. */
public enum Design {
  /** The base, and each change alone. */
  @JsonProperty("each")
  EACH {
    @Override
    List<Long> sets(int changes) {
      List<Long> sets = new ArrayList<>(List.of(0L));
      for (int i = 0; i < changes; i++) {
        sets.add(1L << i);
      }
      return sets;
    }
  },

  /** All changes, and all but one: what each is worth where the others are there. */
  @JsonProperty("leave_one_out")
  LEAVE_ONE_OUT {
    @Override
    List<Long> sets(int changes) {
      long all = (1L << changes) - 1;
      List<Long> sets = new ArrayList<>(List.of(all));
      for (int i = 0; i < changes; i++) {
        sets.add(all & ~(1L << i));
      }
      return sets;
    }
  },

  /** The base, the first change, the first two, and so on. */
  @JsonProperty("cumulative")
  CUMULATIVE {
    @Override
    List<Long> sets(int changes) {
      List<Long> sets = new ArrayList<>();
      for (int i = 0; i <= changes; i++) {
        sets.add((1L << i) - 1);
      }
      return sets;
    }
  },

  /** Every subset of the changes. */
  @JsonProperty("factorial")
  FACTORIAL {
    @Override
    List<Long> sets(int changes) {
      checkRuns(changes);
      List<Long> sets = new ArrayList<>();
      for (long set = 0; set < 1L << changes; set++) {
        sets.add(set);
      }
      return sets;
    }
  },

  /**
   * Half of the subsets, those with an even number of changes: a fraction of resolution k, whose
   * main effects are free of interactions of fewer than k - 1 changes (Box, Hunter and Hunter,
   * Statistics for Experimenters, chapter 6).
   */
  @JsonProperty("fractional")
  FRACTIONAL {
    @Override
    List<Long> sets(int changes) {
      checkArgument(
          changes >= 3,
          "study: a fractional design must have three changes or more, got %s",
          changes);
      return FACTORIAL.sets(changes).stream().filter(set -> Long.bitCount(set) % 2 == 0).toList();
    }
  };

  private static final int MOST_FACTORS = 8;

  /** The sets of changes, the first of which is compared with; bit i stands for change i. */
  abstract List<Long> sets(int changes);

  /** Whether effects are means over pairs of sets that differ in one change. */
  boolean isFactorial() {
    return this == FACTORIAL || this == FRACTIONAL;
  }

  /** The models, the first of which is compared with. */
  List<Variant> variants(LayeredConfig base, List<Change> changes) {
    List<Variant> variants = new ArrayList<>();
    for (long set : sets(changes.size())) {
      LayeredConfig model = base;
      List<String> names = new ArrayList<>();
      for (int i = 0; i < changes.size(); i++) {
        if ((set >> i & 1) != 0) {
          model = changes.get(i).apply(model);
          names.add(changes.get(i).name());
        }
      }
      variants.add(new Variant(label(names, changes), names, model));
    }
    return variants;
  }

  /** What differs from the base, or from all changes where one is left out of them. */
  private String label(List<String> names, List<Change> changes) {
    if (names.isEmpty()) {
      return "base";
    }
    if (this != LEAVE_ONE_OUT) {
      return String.join(", ", names);
    }
    return changes.stream()
        .map(Change::name)
        .filter(name -> !names.contains(name))
        .findFirst()
        .map(name -> "all but " + name)
        .orElse("all");
  }

  private static void checkRuns(int changes) {
    checkArgument(
        changes <= MOST_FACTORS,
        "study: a factorial design must have at most %s changes, got %s; use each or leave_one_out",
        MOST_FACTORS,
        changes);
  }
}
