package io.sequencezoo.core.dynamics.attention;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.kernel.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What several continuations of one cache hold; keys, values and latents are such caches. */
class BranchingTest {
  private static final int SIZE = 64;
  private static final int ROUNDS = 2_000;
  private static final int THREADS = 4;

  @Test
  void with_aTokenFromEveryThreadKeepsTheirsApart() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    try {
      CyclicBarrier barrier = new CyclicBarrier(THREADS);
      GrowingCache<double[]> cache = start();
      for (int round = 0; round < ROUNDS; round++) {
        GrowingCache<double[]> shared = cache;
        int held = round % 20 + 1;
        List<Future<GrowingCache<double[]>>> futures = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
          double mine = 1000 * round + thread;
          futures.add(
              pool.submit(
                  () -> {
                    INDArray token = token(mine);
                    barrier.await();
                    return shared.with(new int[] {held}, Visibility.UNLIMITED, token);
                  }));
        }
        GrowingCache<double[]> next = null;
        for (int thread = 0; thread < THREADS; thread++) {
          next = futures.get(thread).get();
          double mine = 1000 * round + thread;
          double[] last = new double[SIZE];
          next.load(0, 0, held, held + 1, last);
          assertThat(last).as("round %s, thread %s", round, thread).containsOnly(mine);
        }
        cache = held == 20 ? start() : next;
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void with_aTokenOfNaNKeepsItsSlot() {
    GrowingCache<double[]> cache = start();
    GrowingCache<double[]> broken =
        cache.with(new int[] {1}, Visibility.UNLIMITED, token(Double.NaN));
    GrowingCache<double[]> other = cache.with(new int[] {1}, Visibility.UNLIMITED, token(7));
    double[] last = new double[SIZE];
    broken.load(0, 0, 1, 2, last);
    assertThat(last).containsOnly(Double.NaN);
    other.load(0, 0, 1, 2, last);
    assertThat(last).containsOnly(7);
  }

  @Test
  void with_aViewOfSomethingElseLeavesWhatIsBehindItAlone() {
    INDArray foreign = Nd4j.valueArrayOf(new long[] {1, 4, 1, SIZE}, Double.NaN, DataType.DOUBLE);
    INDArray view =
        Nd4j.create(foreign.data(), new long[] {1, 1, 1, SIZE}, foreign.stride(), 0, 'c');
    GrowingCache.of(Precision.DOUBLE, view).with(new int[] {1}, Visibility.UNLIMITED, token(7));
    assertThat(foreign.toString()).doesNotContain("7");
  }

  @Test
  void with_oneContinuationCopiesNothing() {
    GrowingCache<double[]> cache = start();
    long store = cache.view().data().address();
    for (int held = 1; held < 30; held++) {
      cache = GrowingCache.of(Precision.DOUBLE, cache.view());
      cache = cache.with(new int[] {held}, Visibility.UNLIMITED, token(held));
      assertThat(cache.view().data().address()).isEqualTo(store);
    }
  }

  private static GrowingCache<double[]> start() {
    INDArray none = Nd4j.createUninitialized(DataType.DOUBLE, new long[] {1, 0, 1, SIZE}, 'c');
    return GrowingCache.of(Precision.DOUBLE, none)
        .with(new int[] {0}, Visibility.UNLIMITED, token(new SplittableRandom(1).nextDouble()));
  }

  private static INDArray token(double value) {
    return Nd4j.valueArrayOf(new long[] {1, 1, 1, SIZE}, value, DataType.DOUBLE);
  }
}
