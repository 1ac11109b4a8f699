package io.sequencezoo.core.kernel;

import static io.sequencezoo.core.kernel.Lanes.COUNT;
import static io.sequencezoo.core.kernel.Lanes.load;

import jdk.incubator.vector.FloatVector;

/**
 * {@link BlockScans} for one number and for two per channel: a step is one pass over its row, all
 * of whose matrix is in registers.
 */
final class VectorBlockScans {
  private VectorBlockScans() {}

  static void scanOnes(
      boolean transposed,
      Strided<float[]> matrices,
      Strided<float[]> carried,
      Strided<float[]> values,
      int steps,
      int n) {
    float[] j = matrices.data();
    int jo = matrices.at();
    float[] state = carried.data();
    int so = carried.at();
    float[] v = values.data();
    int vo = values.at();
    for (int step = 0; step < steps; step++) {
      int at = (transposed ? steps - 1 - step : step) * n;
      int i = 0;
      for (; i <= n - COUNT; i += COUNT) {
        FloatVector next = load(state, so + i).fma(load(j, jo + at + i), load(v, vo + at + i));
        next.intoArray(v, vo + at + i);
        next.intoArray(state, so + i);
      }
      for (; i < n; i++) {
        float next = Math.fma(state[so + i], j[jo + at + i], v[vo + at + i]);
        v[vo + at + i] = next;
        state[so + i] = next;
      }
    }
  }

  static void scanPairs(
      boolean transposed,
      Strided<float[]> matrices,
      Strided<float[]> carried,
      Strided<float[]> values,
      int steps,
      int n) {
    float[] j = matrices.data();
    int jo = matrices.at();
    int js = matrices.stride();
    float[] state = carried.data();
    int so = carried.at();
    int ss = carried.stride();
    float[] v = values.data();
    int vo = values.at();
    int vs = values.stride();
    int upper = transposed ? 2 * js : js;
    int lower = transposed ? js : 2 * js;
    for (int step = 0; step < steps; step++) {
      int at = (transposed ? steps - 1 - step : step) * n;
      int jt = jo + at;
      int vt = vo + at;
      int i = 0;
      for (; i <= n - COUNT; i += COUNT) {
        FloatVector first = load(state, so + i);
        FloatVector second = load(state, so + ss + i);
        FloatVector x = first.fma(load(j, jt + i), load(v, vt + i));
        x = second.fma(load(j, jt + upper + i), x);
        FloatVector y = first.fma(load(j, jt + lower + i), load(v, vt + vs + i));
        y = second.fma(load(j, jt + 3 * js + i), y);
        x.intoArray(v, vt + i);
        y.intoArray(v, vt + vs + i);
        x.intoArray(state, so + i);
        y.intoArray(state, so + ss + i);
      }
      for (; i < n; i++) {
        float first = state[so + i];
        float second = state[so + ss + i];
        float x = Math.fma(first, j[jt + i], v[vt + i]);
        float y = Math.fma(first, j[jt + lower + i], v[vt + vs + i]);
        v[vt + i] = Math.fma(second, j[jt + upper + i], x);
        v[vt + vs + i] = Math.fma(second, j[jt + 3 * js + i], y);
        state[so + i] = v[vt + i];
        state[so + ss + i] = v[vt + vs + i];
      }
    }
  }

  /** From the map of the first step, which is there. */
  static void mapOnes(
      boolean transposed,
      Strided<float[]> matrices,
      Strided<float[]> values,
      Strided<float[]> maps,
      int steps,
      int n) {
    float[] j = matrices.data();
    int jo = matrices.at();
    float[] v = values.data();
    int vo = values.at();
    float[] map = maps.data();
    int mo = maps.at();
    int ms = maps.stride();
    for (int step = 1; step < steps; step++) {
      int at = (transposed ? steps - 1 - step : step) * n;
      int i = 0;
      for (; i <= n - COUNT; i += COUNT) {
        FloatVector factor = load(j, jo + at + i);
        factor.mul(load(map, mo + i)).intoArray(map, mo + i);
        factor.fma(load(map, mo + ms + i), load(v, vo + at + i)).intoArray(map, mo + ms + i);
      }
      for (; i < n; i++) {
        float factor = j[jo + at + i];
        map[mo + i] *= factor;
        map[mo + ms + i] = Math.fma(factor, map[mo + ms + i], v[vo + at + i]);
      }
    }
  }

  /** From the map of the first step, which is there. */
  static void mapPairs(
      boolean transposed,
      Strided<float[]> matrices,
      Strided<float[]> values,
      Strided<float[]> maps,
      int steps,
      int n) {
    float[] j = matrices.data();
    int jo = matrices.at();
    int js = matrices.stride();
    float[] v = values.data();
    int vo = values.at();
    int vs = values.stride();
    float[] map = maps.data();
    int mo = maps.at();
    int ms = maps.stride();
    int upper = transposed ? 2 * js : js;
    int lower = transposed ? js : 2 * js;
    int q = mo + 4 * ms;
    for (int step = 1; step < steps; step++) {
      int at = (transposed ? steps - 1 - step : step) * n;
      int jt = jo + at;
      int vt = vo + at;
      int i = 0;
      for (; i <= n - COUNT; i += COUNT) {
        FloatVector a = load(j, jt + i);
        FloatVector b = load(j, jt + upper + i);
        FloatVector c = load(j, jt + lower + i);
        FloatVector d = load(j, jt + 3 * js + i);
        FloatVector x = load(map, mo + i);
        FloatVector y = load(map, mo + 2 * ms + i);
        a.fma(x, b.mul(y)).intoArray(map, mo + i);
        c.fma(x, d.mul(y)).intoArray(map, mo + 2 * ms + i);
        x = load(map, mo + ms + i);
        y = load(map, mo + 3 * ms + i);
        a.fma(x, b.mul(y)).intoArray(map, mo + ms + i);
        c.fma(x, d.mul(y)).intoArray(map, mo + 3 * ms + i);
        x = load(map, q + i);
        y = load(map, q + ms + i);
        a.fma(x, b.fma(y, load(v, vt + i))).intoArray(map, q + i);
        c.fma(x, d.fma(y, load(v, vt + vs + i))).intoArray(map, q + ms + i);
      }
      for (; i < n; i++) {
        float a = j[jt + i];
        float b = j[jt + upper + i];
        float c = j[jt + lower + i];
        float d = j[jt + 3 * js + i];
        for (int column = mo + i; column <= mo + ms + i; column += ms) {
          float x = map[column];
          float y = map[column + 2 * ms];
          map[column] = Math.fma(a, x, b * y);
          map[column + 2 * ms] = Math.fma(c, x, d * y);
        }
        float x = map[q + i];
        float y = map[q + ms + i];
        map[q + i] = Math.fma(a, x, Math.fma(b, y, v[vt + i]));
        map[q + ms + i] = Math.fma(c, x, Math.fma(d, y, v[vt + vs + i]));
      }
    }
  }
}
