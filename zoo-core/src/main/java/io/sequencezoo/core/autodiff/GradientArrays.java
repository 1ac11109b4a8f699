package io.sequencezoo.core.autodiff;

import io.sequencezoo.core.kernel.Poison;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The arrays that pullbacks ask a tape for. One is given back when nobody's gradient lies in it any
 * more, and the next pullback that asks for as many numbers gets it: memory that was written a
 * moment ago is nearer to the processor than any other, and a step needs less of it.
 */
final class GradientArrays {
  /** Smaller arrays are in the cache anyway. */
  private static final int LEAST = 1024;

  private final Map<Size, Deque<Storage>> free = new HashMap<>();
  private final IdentityHashMap<DataBuffer, Storage> storages = new IdentityHashMap<>();

  /** What the pullback that runs has asked for, and what gradients have left meanwhile. */
  private final List<Storage> touched = new ArrayList<>();

  /** An array that was given back, with any numbers in it, or null where there is none. */
  @Nullable INDArray take(DataType type, long[] shape) {
    Deque<Storage> fitting = free.get(new Size(type, length(shape)));
    if (fitting == null || fitting.isEmpty()) {
      return null;
    }
    Storage storage = fitting.pop();
    storage.isFree = false;
    touched.add(storage);
    return storage.array.reshape('c', shape);
  }

  /** Takes charge of an array that a pullback has asked for and that was made for it. */
  void made(INDArray array) {
    if (array.length() < LEAST) {
      return;
    }
    Storage storage = new Storage(array);
    storages.put(buffer(array), storage);
    touched.add(storage);
  }

  /** Counts a gradient that lies in an array or a view of it; null where that is nobody's here. */
  @Nullable Storage hold(INDArray gradient) {
    Storage storage = gradient.length() < LEAST ? null : storages.get(buffer(gradient));
    if (storage != null) {
      storage.holders++;
    }
    return storage;
  }

  /** One gradient less lies in it. */
  void letGo(@Nullable Storage storage) {
    if (storage != null) {
      storage.holders--;
      touched.add(storage);
    }
  }

  /** How many arrays were made. */
  int size() {
    return storages.size();
  }

  /** The pullback has ended: what it asked for and no gradient lies in was for itself alone. */
  void ended() {
    for (Storage storage : touched) {
      if (storage.holders == 0 && !storage.isFree) {
        giveBack(storage);
      }
    }
    touched.clear();
  }

  private void giveBack(Storage storage) {
    storage.isFree = true;
    INDArray array = storage.array;
    if (Poison.isOn() && array.dataType().isFPType()) {
      array.assign(Double.NaN);
    }
    free.computeIfAbsent(new Size(array.dataType(), array.length()), size -> new ArrayDeque<>())
        .push(storage);
  }

  private static DataBuffer buffer(INDArray array) {
    DataBuffer buffer = array.data();
    DataBuffer original = buffer.originalDataBuffer();
    return original == null ? buffer : original;
  }

  private static long length(long[] shape) {
    long length = 1;
    for (long size : shape) {
      length *= size;
    }
    return length;
  }

  /** An array and how many gradients lie in it. */
  static final class Storage {
    private final INDArray array;
    private int holders;
    private boolean isFree;

    private Storage(INDArray array) {
      this.array = array;
    }
  }

  private record Size(DataType type, long length) {}
}
