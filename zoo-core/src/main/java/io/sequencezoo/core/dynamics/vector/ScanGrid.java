package io.sequencezoo.core.dynamics.vector;

import io.sequencezoo.core.kernel.Slab;

/**
 * How a scan over {@code [B, T, D]} is cut into tasks and tiles, by shape alone: rows, tiles of
 * channels and chunks of time.
 *
 * @param batch B
 * @param steps T
 * @param channels D
 * @param width channels of a tile
 * @param tiles tiles of channels per row
 * @param chunk steps of a chunk, each a task of its own
 * @param chunks chunks per row, at least 1
 * @param block steps that lie on the heap at a time
 */
record ScanGrid(
    int batch, int steps, int channels, int width, int tiles, int chunk, int chunks, int block) {
  /** Tasks that a batch is cut into where its channels allow. */
  private static final int TASKS = 8;

  /**
   * Eight cache lines: with fewer channels to a tile, rows cost more to copy than to compute. Tiles
   * of four were measured to take up to half as long again per step.
   */
  private static final int NARROWEST = 128;

  /** Numbers of a tile on the heap: three or four tiles fit a level-2 cache with room to spare. */
  private static final int TILE = 1 << 12;

  /** Whole rows where the batch is large enough, else tiles of channels; no chunks of time. */
  static ScanGrid ofChannels(int batch, int steps, int channels) {
    int wanted = (TASKS + batch - 1) / Math.max(1, batch);
    int width = Math.max(NARROWEST, roundUp((channels + wanted - 1) / wanted));
    width = Math.max(1, Math.min(channels, width));
    int tiles = (channels + width - 1) / width;
    return new ScanGrid(
        batch, steps, channels, width, tiles, Math.max(1, steps), 1, Math.max(1, TILE / width));
  }

  /** The same with time cut into chunks, at least {@code shortest} steps each. */
  ScanGrid inTime(int shortest) {
    int length = Math.max(shortest, (steps + 2 * TASKS - 1) / (2 * TASKS));
    int count = Math.max(1, (steps + length - 1) / length);
    return new ScanGrid(batch, steps, channels, width, tiles, length, count, block);
  }

  /** The same with tiles of no more than this many channels. */
  ScanGrid narrowed(int most) {
    if (width <= most) {
      return this;
    }
    return new ScanGrid(
        batch,
        steps,
        channels,
        most,
        (channels + most - 1) / most,
        chunk,
        chunks,
        Math.max(1, TILE / most));
  }

  /** The same with another number of steps on the heap. */
  ScanGrid withBlock(int block) {
    return new ScanGrid(batch, steps, channels, width, tiles, chunk, chunks, block);
  }

  private static int roundUp(int n) {
    return (n + 15) / 16 * 16;
  }

  int tasks() {
    return batch * tiles * chunks;
  }

  int row(int task) {
    return task / (tiles * chunks);
  }

  int firstChannel(int task) {
    return task / chunks % tiles * width;
  }

  int channels(int task) {
    return Math.min(width, channels - firstChannel(task));
  }

  int chunkOf(int task) {
    return task % chunks;
  }

  /** The first step of a task. */
  int from(int task) {
    return chunkOf(task) * chunk;
  }

  /** The step after the last valid one of a task. */
  int to(int task, int length) {
    return Math.max(from(task), Math.min(length, from(task) + chunk));
  }

  /** The step after the last of a task, padded ones included. */
  int end(int task) {
    return Math.min(steps, from(task) + chunk);
  }

  /** Where step t of a task lies in {@code [B, T, D]}. */
  long at(int task, int t) {
    return ((long) row(task) * steps + t) * channels + firstChannel(task);
  }

  /** Copies n steps of a task from {@code [B, T, D]}, packed. */
  <A> void load(Slab<A> from, int task, int t, A into, int n) {
    int w = channels(task);
    if (w == channels) {
      from.load(at(task, t), into, 0, n * w);
    } else {
      from.loadRows(at(task, t), channels, into, 0, n, w);
    }
  }

  /** Copies n packed steps of a task to {@code [B, T, D]}. */
  <A> void store(Slab<A> to, int task, int t, A from, int n) {
    int w = channels(task);
    if (w == channels) {
      to.store(at(task, t), from, 0, n * w);
    } else {
      to.storeRows(at(task, t), channels, from, 0, n, w);
    }
  }
}
