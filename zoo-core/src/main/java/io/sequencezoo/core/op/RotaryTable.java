package io.sequencezoo.core.op;

import io.sequencezoo.core.kernel.Kernels;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Cosines and signed sines per position and feature. Tables of the first positions are kept, since
 * every layer and step of a model asks for the same.
 */
final class RotaryTable {
  /** Positions that are kept; beyond them a table is made for each call. */
  private static final int KEPT = 1 << 14;

  private static final Map<Key, RotaryTable> TABLES = new ConcurrentHashMap<>();

  private final Key key;
  private final int rotaryDim;
  private final int first;
  private final int end;
  private final double[] cos;
  private final double[] sin;

  private RotaryTable(Key key, int rotaryDim, int first, int end) {
    this.key = key;
    this.rotaryDim = rotaryDim;
    this.first = first;
    this.end = end;
    this.cos = new double[Math.multiplyExact(end - first, rotaryDim)];
    this.sin = new double[cos.length];
  }

  /** The angles of positions {@code first} to {@code end - 1}, at least. */
  static RotaryTable of(
      int first, int end, Rotary.Convention convention, double base, int rotaryDim) {
    Key key = new Key(convention, base, rotaryDim);
    return end > KEPT ? make(key, first, end) : kept(key, end);
  }

  private static RotaryTable kept(Key key, int end) {
    RotaryTable table = TABLES.get(key);
    if (table == null || table.end < end) {
      int size = Math.min(KEPT, Math.max(64, Integer.highestOneBit(Math.max(1, end - 1)) << 1));
      table = make(key, 0, size);
      TABLES.put(key, table);
    }
    return table;
  }

  /** One that reaches so far, unless it is too long to be kept. */
  RotaryTable reaching(int needed) {
    return needed <= end || needed > KEPT ? this : kept(key, needed);
  }

  private static RotaryTable make(Key key, int first, int end) {
    int rotaryDim = key.rotaryDim;
    RotaryTable table = new RotaryTable(key, rotaryDim, first, end);
    for (int j = 0; j < rotaryDim / 2; j++) {
      double frequency = key.frequency(j);
      for (int t = first; t < end; t++) {
        table.put(key.convention, t, j, Math.cos(t * frequency), Math.sin(t * frequency));
      }
    }
    return table;
  }

  /** Given angles {@code [T, R/2]} of positions from 0. */
  static RotaryTable given(
      INDArray cos, INDArray sin, Rotary.Convention convention, int rotaryDim) {
    int steps = (int) cos.size(0);
    RotaryTable table = new RotaryTable(new Key(convention, 0, rotaryDim), rotaryDim, 0, steps);
    for (int t = 0; t < steps; t++) {
      for (int j = 0; j < rotaryDim / 2; j++) {
        table.put(convention, t, j, cos.getDouble(t, j), sin.getDouble(t, j));
      }
    }
    return table;
  }

  private void put(Rotary.Convention convention, int t, int j, double c, double s) {
    boolean half = convention == Rotary.Convention.HALF_SPLIT;
    int at = (t - first) * rotaryDim;
    int a = at + (half ? j : 2 * j);
    int b = at + (half ? j + rotaryDim / 2 : 2 * j + 1);
    cos[a] = c;
    cos[b] = c;
    sin[a] = -s;
    sin[b] = s;
  }

  int rotaryDim() {
    return rotaryDim;
  }

  /**
   * The R cosines and signed sines of a position; direction -1 turns back. Of positions behind the
   * last they are calculated.
   */
  <A> void load(Kernels<A> kernels, int position, int direction, A cosines, A sines) {
    if (position >= end) {
      calculate(kernels, position, direction, cosines, sines);
      return;
    }
    int at = (position - first) * rotaryDim;
    for (int j = 0; j < rotaryDim; j++) {
      kernels.set(cosines, j, cos[at + j]);
      kernels.set(sines, j, direction * sin[at + j]);
    }
  }

  private <A> void calculate(Kernels<A> kernels, int position, int direction, A cosines, A sines) {
    for (int j = 0; j < rotaryDim / 2; j++) {
      double angle = position * key.frequency(j);
      double cosine = Math.cos(angle);
      double sine = direction * Math.sin(angle);
      boolean half = key.convention == Rotary.Convention.HALF_SPLIT;
      int a = half ? j : 2 * j;
      int b = half ? j + rotaryDim / 2 : 2 * j + 1;
      kernels.set(cosines, a, cosine);
      kernels.set(cosines, b, cosine);
      kernels.set(sines, a, -sine);
      kernels.set(sines, b, sine);
    }
  }

  private record Key(Rotary.Convention convention, double base, int rotaryDim) {
    double frequency(int pair) {
      return Math.pow(base, -2.0 * pair / rotaryDim);
    }
  }
}
