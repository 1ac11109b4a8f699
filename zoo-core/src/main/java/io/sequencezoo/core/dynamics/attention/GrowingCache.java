package io.sequencezoo.core.dynamics.attention;

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
 * <p>While a step is repeated ({@link Replay}) its tokens go to a store that no state shows: one
 * that is full doubles, or where there is a window, W tokens slide through 2 W slots and then move
 * to the front. What they have become is shown when the repetitions end.
 *
 * @param <A> the heap array type
 */
public final class GrowingCache<A> {
  private static final int FIRST_CAPACITY = 32;

  /** The slots of each row that are taken, of every store that has room for more. */
  private static final ConcurrentMap<DataBuffer, int[]> TAKEN = new MapMaker().weakKeys().makeMap();

  private final Precision<A> precision;
  private final INDArray view;
  private Slab<A> slab;
  private int capacity;

  /** The slot of each row's first token. */
  private final int[] first;

  /** The store that repetitions write to and no state shows; null before there is one. */
  private INDArray own;

  private GrowingCache(Precision<A> precision, INDArray view, int capacity, Slab<A> slab) {
    this.precision = precision;
    this.view = view;
    this.capacity = capacity;
    this.slab = slab;
    this.first = new int[(int) view.size(0)];
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
    return ((long) b * capacity + first[b] + from) * stride() + h * view.size(3);
  }

  /** Numbers of a head of a token. */
  int headSize() {
    return (int) view.size(3);
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
    Replay.growing(view, () -> now(held, window));
    int size = stride();
    boolean[] again = {false};
    Replay.run(
        () -> {
          if (again[0]) {
            makeRoom(held, window);
          }
          try (Scratch<A> scratch = precision.scratch()) {
            A tile = scratch.take(size);
            for (int b = 0; b < held.length; b++) {
              // The first run finds the window moved on; a repetition drops its oldest here.
              int slot = Math.min(held[b], again[0] ? window : window - 1);
              token.load((long) b * size, tile, 0, size);
              slab.store(at(b, 0, slot), tile, 0, size);
              first[b] += slot == window ? 1 : 0;
            }
          }
          again[0] = true;
        });
  }

  /** Has a slot behind each row that is this continuation's own. */
  private void makeRoom(int[] held, int window) {
    int most = 0;
    boolean full = false;
    for (int b = 0; b < held.length; b++) {
      int slots = Math.min(held[b], window);
      most = Math.max(most, slots);
      full |= first[b] + slots >= capacity;
    }
    if (own == null) {
      if (full || most == window || !claim(held)) {
        move(held, window, most);
      }
    } else if (full) {
      if (window <= capacity / 2) {
        copyTo(slab, capacity, held, window);
      } else {
        move(held, window, most);
      }
    }
  }

  /** Moves what remains to a store of this continuation alone. */
  private void move(int[] held, int window, int slots) {
    INDArray before = own;
    int room = (int) Math.min(2L * window, Math.max(FIRST_CAPACITY, 2L * slots));
    own = store(view, room);
    Slab<A> to = precision.ownWindow(own.data());
    copyTo(to, room, held, window);
    slab = to;
    capacity = room;
    if (before != null && before.closeable()) {
      before.close();
    }
  }

  /** Copies the tokens that stay when one comes to the front of a store, which may be this one. */
  private void copyTo(Slab<A> to, int room, int[] held, int window) {
    int size = stride();
    try (Scratch<A> scratch = precision.scratch()) {
      A tile = scratch.take(size);
      for (int b = 0; b < held.length; b++) {
        int kept = Math.min(held[b], window);
        for (int slot = 0; slot < kept; slot++) {
          slab.load(at(b, 0, slot), tile, 0, size);
          to.store(((long) b * room + slot) * size, tile, 0, size);
        }
      }
    }
    Arrays.fill(first, 0);
  }

  /** What there is after the last repetition. */
  private INDArray now(int[] held, int window) {
    int[] taken = Arrays.stream(held).map(tokens -> Math.min(tokens + 1, window)).toArray();
    int slots = Arrays.stream(taken).max().orElse(0);
    if (own == null) {
      return over(view.data(), view, slots, capacity);
    }
    INDArray store = own;
    if (Arrays.stream(first).anyMatch(slot -> slot > 0)) {
      store = store(view, slots);
      copyTo(precision.ownWindow(store.data()), slots, taken, window);
      return store;
    }
    own = null;
    TAKEN.put(store.data(), taken);
    return over(store.data(), view, slots, capacity);
  }

  /** A store with so many slots per row. */
  private static INDArray store(INDArray like, int slots) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.createUninitialized(
          like.dataType(), new long[] {like.size(0), slots, like.size(2), like.size(3)}, 'c');
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
    INDArray store = store(token, room);
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
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
