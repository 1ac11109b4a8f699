package io.sequencezoo.core.dynamics.nonlinear.dense;

import io.sequencezoo.core.kernel.Parallel;

/**
 * How threads share a scan. Groups of rows run on their own. Where there are fewer groups than
 * threads, the threads of a group share its units: each reads only its part of the recurrent
 * weight, which then stays in its cache, and they meet after every stage.
 *
 * <p>Each number is computed in the same order whoever computes it, so that results don't depend on
 * the grid: units are only cut where no vector is left ragged.
 */
final class CellGrid {
  /** Rows that share a pass over the weight. */
  private static final int ROWS = 16;

  /** Units are cut at multiples of the longest vector. */
  private static final int LANES = 16;

  /** Fewer units than this are not worth meeting for. */
  private static final int LEAST_UNITS = 64;

  private final int batch;
  private final int hidden;
  private final int groups;
  private final int parts;
  private final boolean bySlot;

  CellGrid(int batch, int hidden) {
    this.batch = batch;
    this.hidden = hidden;
    int threads = Parallel.threads();
    this.bySlot = hidden % LANES == 0 && hidden >= LEAST_UNITS;
    boolean cut = bySlot && hidden >= 2 * LEAST_UNITS;
    int rows = cut ? ROWS : Math.max(1, Math.min(ROWS / 2, (batch + threads - 1) / threads));
    this.groups = Math.max(1, (batch + rows - 1) / rows);
    int most = cut ? hidden / LEAST_UNITS : 1;
    this.parts = Math.max(1, Math.min(most, threads / groups));
  }

  int groups() {
    return groups;
  }

  /** Ranges of units. */
  int parts() {
    return parts;
  }

  /** The first row of a group; the last group ends at B. */
  int row(int group) {
    return (int) ((long) group * batch / groups);
  }

  /** Units at which parts begin and end. */
  int[] cuts() {
    int[] cuts = new int[parts + 1];
    for (int part = 0; part <= parts; part++) {
      cuts[part] = part == parts ? hidden : part * (hidden / LANES) / parts * LANES;
    }
    return cuts;
  }

  /** How one part of a group lies. */
  CellTile tile(int group, int part) {
    int[] cuts = cuts();
    int rows = row(group + 1) - row(group);
    return new CellTile(cuts[part], cuts[part + 1] - cuts[part], rows, bySlot);
  }

  /** Whether products may lead to several gates, or from them, at once. */
  boolean gatesTouch() {
    return !bySlot;
  }

  /** Runs phases of all groups and parts; no part of a phase before all of its group's last. */
  void run(int phases, Body body) {
    if (parts == 1) {
      Parallel.run(
          groups,
          group -> {
            for (int phase = 0; phase < phases; phase++) {
              body.accept(phase, group, 0);
            }
          });
    } else {
      Parallel.phases(
          phases, groups * parts, (phase, i) -> body.accept(phase, i / parts, i % parts));
    }
  }

  /** One phase of one part of a group. */
  @FunctionalInterface
  interface Body {
    void accept(int phase, int group, int part);
  }
}
