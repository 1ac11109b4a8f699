package io.sequencezoo.core.dynamics.attention;

import static com.google.common.base.Preconditions.checkState;

import com.google.common.collect.MapMaker;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
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
public final class GrowingCache<A> {
  private static final int FIRST_CAPACITY = 32;

  /** The slots of each row that are taken, of every store that has room for more. */
  private static final ConcurrentMap<DataBuffer, int[]> TAKEN = new MapMaker().weakKeys().makeMap();

  private final Precision<A> precision;
  private final INDArray view;
  private final Slab<A> slab;
  private final int capacity;

  private GrowingCache(Precision<A> precision, INDArray view, int capacity, Slab<A> slab) {
    this.precision = precision;
    this.view = view;
    this.capacity = capacity;
    this.slab = slab;
  }

  /** What a state holds: a view on a store, or an array that is all there is. */
  public static <A> GrowingCache<A> of(Precision<A> precision, INDArray held) {
    if (held.isView() && !held.isEmpty()) {
      long token = held.size(2) * held.size(3);
      long perRow = held.data().length() / held.size(0);
      boolean isStore =
          TAKEN.containsKey(held.data())
              && held.offset() == 0
              && held.stride(0) == perRow
              && held.stride(1) == token
              && held.stride(2) == held.size(3)
              && held.stride(3) == 1;
      return isStore
          ? new GrowingCache<>(precision, held, (int) (perRow / token), precision.slab(held.data()))
          : whole(precision, held.dup('c'));
    }
    return whole(precision, held);
  }

  private static <A> GrowingCache<A> whole(Precision<A> precision, INDArray array) {
    Slab<A> slab = array.isEmpty() ? null : precision.slab(array);
    return new GrowingCache<>(precision, array, (int) array.size(1), slab);
  }

  /** The first slots of a store. */
  private static INDArray over(DataBuffer store, INDArray like, int slots, int capacity) {
    long heads = like.size(2);
    long size = like.size(3);
    long[] shape = {like.size(0), slots, heads, size};
    long[] stride = {capacity * heads * size, heads * size, size, 1};
    return Nd4j.create(store, shape, stride, 0, 'c');
  }

  /** The array {@code [B, slots, H, size]} that a state shows. */
  public INDArray view() {
    return view;
  }

  /** The tokens' memory, for BLAS; those of a row and head lie {@link #stride} apart. */
  public Slab<A> slab() {
    return slab;
  }

  /** Where token {@code from} of row b and head h lies. */
  public long at(int b, int h, int from) {
    return ((long) b * capacity + from) * stride() + h * view.size(3);
  }

  /** From a token to the next. */
  int stride() {
    return (int) (view.size(2) * view.size(3));
  }

  /** Loads tokens {@code [from, to)} of row b and head h, packed. */
  void load(int b, int h, int from, int to, A into) {
    slab.loadRows(at(b, h, from), stride(), into, 0, to - from, (int) view.size(3));
  }

  /**
   * This and one more token per row.
   *
   * @param held slots in use of every row
   * @param token {@code [B, 1, H, size]}
   */
  public GrowingCache<A> with(int[] held, INDArray token) {
    return with(held, Visibility.UNLIMITED, token);
  }

  /**
   * The same where the oldest token may have to go.
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
              ? new GrowingCache<>(
                  precision, over(view.data(), view, slots, capacity), capacity, slab)
              : moved(held, window, slots, drops, token, tile);
      next.write(held, window, precision.slab(token));
      return next;
    }
  }

  /** Writes a token behind those held, and again where the step is repeated. */
  private void write(int[] held, int window, Slab<A> token) {
    int most = Arrays.stream(held).max().orElse(0);
    Replay.limit(Math.min(window, capacity) - most - 1);
    Replay.growing(
        view, () -> over(view.data(), view, Arrays.stream(held).max().orElse(0) + 1, capacity));
    int size = stride();
    boolean[] again = {false};
    Replay.run(
        () -> {
          checkState(!again[0] || claim(held), "cache: must be this continuation's own");
          again[0] = true;
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(size);
            for (int b = 0; b < held.length; b++) {
              int slot = Math.min(held[b], window - 1);
              token.load((long) b * size, tile, 0, size);
              slab.store(((long) b * capacity + slot) * size, tile, 0, size);
            }
          }
        });
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
      INDArray shown = slots == room ? store : over(store.data(), store, slots, room);
      GrowingCache<A> next =
          new GrowingCache<>(precision, shown, room, precision.slab(store.data()));
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
