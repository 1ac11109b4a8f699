package io.sequencezoo.core.autodiff;

import io.sequencezoo.core.kernel.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The arrays of a step that is computed again and again: the n-th that is asked for is the n-th of
 * the step before, as long as its type and shape are. What ND4J makes for an array weighs more than
 * what a token computes with it.
 */
final class StepArrays {
  private final List<INDArray> arrays = new ArrayList<>();
  private final List<View> views = new ArrayList<>();
  private final Set<DataBuffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Arrays of the step before whose place another has taken; nobody may read them any more. */
  private final List<INDArray> replaced = new ArrayList<>();

  private final Precision.Windows windows = Precision.keepWindows();
  private final Headroom headroom = new Headroom();
  private int nextArray;
  private int nextView;

  /** Whether what is asked for stays when the step ends. */
  private boolean lasting;

  /** Has a computation keep the arrays that it asks for; they aren't those of a step. */
  <T> T keep(Supplier<T> computation) {
    boolean before = lasting;
    lasting = true;
    try {
      return computation.get();
    } finally {
      lasting = before;
    }
  }

  /** Whether a computation runs whose arrays are kept. */
  boolean isKeeping() {
    return lasting;
  }

  INDArray take(DataType type, long[] shape) {
    if (lasting) {
      return create(type, shape);
    }
    INDArray before = nextArray < arrays.size() ? arrays.get(nextArray) : null;
    if (before != null && before.dataType() == type && Arrays.equals(before.shape(), shape)) {
      nextArray++;
      return before;
    }
    INDArray array = create(type, shape);
    if (before == null) {
      arrays.add(array);
    } else {
      arrays.set(nextArray, array);
      replaced.add(before);
    }
    buffers.add(array.data());
    nextArray++;
    return array;
  }

  private INDArray create(DataType type, long[] shape) {
    headroom.take(null, type, shape);
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.createUninitialized(type, shape, 'c');
    }
  }

  INDArray view(INDArray array, long[] shape) {
    if (lasting) {
      return array.reshape('c', shape);
    }
    View before = nextView < views.size() ? views.get(nextView) : null;
    if (before != null && before.of == array && Arrays.equals(before.view.shape(), shape)) {
      nextView++;
      return before.view;
    }
    View view = new View(array, array.reshape('c', shape));
    if (before == null) {
      views.add(view);
    } else {
      views.set(nextView, view);
    }
    nextView++;
    return view.view;
  }

  boolean owns(INDArray array) {
    DataBuffer buffer = array.data();
    DataBuffer original = buffer.originalDataBuffer();
    return buffers.contains(original == null ? buffer : original);
  }

  void startOver() {
    nextArray = 0;
    nextView = 0;
    for (INDArray array : replaced) {
      buffers.remove(array.data());
      if (array.closeable()) {
        array.close();
      }
    }
    if (!replaced.isEmpty()) {
      views.removeIf(view -> view.of.wasClosed());
      windows.clear();
    }
    windows.prune();
    replaced.clear();
  }

  void close() {
    windows.close();
  }

  private record View(INDArray of, INDArray view) {}
}
