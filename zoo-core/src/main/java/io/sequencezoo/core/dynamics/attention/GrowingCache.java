package io.sequencezoo.core.dynamics.attention;

import com.google.common.collect.MapMaker;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import java.util.concurrent.ConcurrentMap;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Keys (or values) to which tokens are added one by one. What a state shows is a view {@code [B,
 * slots, H, size]} of a store with room for more, which lies outside all workspaces; a full store
 * doubles, so that a token costs no copy on average. Where a window drops the oldest token, what
 * remains moves to a new store of W slots: constant time and memory.
 *
 * <p>A view never changes: a token is written to the slot behind it by whoever claims that slot
 * first. A second continuation of the same state, from any thread, finds the slot taken and gets a
 * store of its own.
 *
 * @param <A> the heap array type
 */
final class GrowingCache<A> {
  private static final int FIRST_CAPACITY = 32;

  /** The slots of each row that are taken, of every store that has room for more. */
  private static final ConcurrentMap<DataBuffer, int[]> TAKEN = new MapMaker().weakKeys().makeMap();

  private final Precision<A> precision;
  private final INDArray view;
  private final Slab<A> slab;
  private final int capacity;

  private GrowingCache(Precision<A> precision, INDArray store, int slots) {
    this.precision = precision;
    this.capacity = (int) store.size(1);
    this.slab = store.isEmpty() ? null : precision.slab(store);
    this.view = slots == capacity ? store : over(store, slots);
  }

  /** What a state holds. */
  static <A> GrowingCache<A> of(Precision<A> precision, INDArray held) {
    return new GrowingCache<>(precision, storeOf(held), (int) held.size(1));
  }

  private static INDArray over(INDArray store, int slots) {
    long[] shape = {store.size(0), slots, store.size(2), store.size(3)};
    return Nd4j.create(store.data(), shape, store.stride(), 0, 'c');
  }

  /** The whole store behind a view; a contiguous array is its own; others are copied. */
  private static INDArray storeOf(INDArray held) {
    if (!held.isView() || held.isEmpty()) {
      return held;
    }
    long token = held.size(2) * held.size(3);
    long perRow = held.data().length() / held.size(0);
    boolean isStore =
        TAKEN.containsKey(held.data())
            && held.offset() == 0
            && held.stride(0) == perRow
            && held.stride(1) == token
            && held.stride(2) == held.size(3)
            && held.stride(3) == 1;
    if (!isStore) {
      return held.dup('c');
    }
    long[] shape = {held.size(0), perRow / token, held.size(2), held.size(3)};
    return Nd4j.create(held.data(), shape, held.stride(), 0, 'c');
  }

  /** The array {@code [B, slots, H, size]} that a state shows. */
  INDArray view() {
    return view;
  }

  /** Loads tokens {@code [from, to)} of row b and head h, packed. */
  void load(int b, int h, int from, int to, A into) {
    int size = (int) view.size(3);
    long stride = view.size(2) * size;
    slab.loadRows(
        ((long) b * capacity + from) * stride + (long) h * size, stride, into, 0, to - from, size);
  }

  /**
   * This and one more token per row.
   *
   * @param held slots in use of every row
   * @param window W, the most slots that are kept
   * @param token {@code [B, 1, H, size]}
   */
  GrowingCache<A> with(int[] held, int window, INDArray token) {
    int size = (int) (token.size(2) * token.size(3));
    int most = Arrays.stream(held).max().orElse(0);
    boolean drops = most >= window;
    int slots = Math.min(most + 1, window);
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(size);
      GrowingCache<A> next =
          !drops && slots <= capacity && claim(held)
              ? new GrowingCache<>(precision, storeOf(view), slots)
              : moved(held, window, slots, drops, token, tile);
      Slab<A> from = precision.slab(token);
      for (int b = 0; b < held.length; b++) {
        int slot = Math.min(held[b], window - 1);
        from.load((long) b * size, tile, 0, size);
        next.slab.store(((long) b * next.capacity + slot) * size, tile, 0, size);
      }
      return next;
    }
  }

  /** Takes the slot behind each row, unless another continuation has one of them. */
  private boolean claim(int[] held) {
    int[] taken = slab == null ? null : TAKEN.get(view.data());
    if (taken == null) {
      return false;
    }
    synchronized (taken) {
      if (!Arrays.equals(taken, held)) {
        return false;
      }
      for (int b = 0; b < taken.length; b++) {
        taken[b]++;
      }
      return true;
    }
  }

  /** A copy of what remains, in a store with room for the next token. */
  private GrowingCache<A> moved(
      int[] held, int window, int slots, boolean drops, INDArray token, A tile) {
    int room = drops ? slots : Math.min(window, Math.max(FIRST_CAPACITY, 2 * slots));
    int size = (int) (token.size(2) * token.size(3));
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      INDArray store =
          Nd4j.createUninitialized(
              token.dataType(),
              new long[] {token.size(0), room, token.size(2), token.size(3)},
              'c');
      GrowingCache<A> next = new GrowingCache<>(precision, store, slots);
      int[] taken = new int[held.length];
      for (int b = 0; b < held.length; b++) {
        int kept = Math.min(held[b], window - 1);
        taken[b] = kept + 1;
        int first = held[b] - kept;
        for (int slot = 0; slot < kept; slot++) {
          slab.load(((long) b * capacity + first + slot) * size, tile, 0, size);
          next.slab.store(((long) b * room + slot) * size, tile, 0, size);
        }
      }
      if (slots < room) {
        TAKEN.put(store.data(), taken);
      }
      return next;
    }
  }
}
