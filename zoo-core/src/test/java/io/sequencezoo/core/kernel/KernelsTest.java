package io.sequencezoo.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.kernel.KernelCase.Argument;
import io.sequencezoo.core.kernel.KernelCase.Change;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel of every provider against the specification in double precision. */
class KernelsTest {
  private static final int[] SIZES = {0, 1, 4, 6, 13, 64, 207, 1024, 4098};

  /** A vector and a rest, of 8 or of 16 lanes. */
  private static final int NAN_SIZE = 21;

  /** Numbers of every array that become NaN in turn. */
  private static final int PLACES = 10;

  static List<Kernels<float[]>> providers() {
    List<Kernels<float[]>> providers = new ArrayList<>(List.of(new ScalarKernels32()));
    if (VectorSupport.refusal().isEmpty()) {
      providers.add(VectorSupport.create());
    }
    return providers;
  }

  static Stream<Arguments> providersAndMethods() {
    return providers().stream()
        .flatMap(p -> KernelLaws.LAWS.keySet().stream().map(m -> Arguments.of(p.name(), m, p)));
  }

  @Test
  void coverage_everyMethodHasALaw() {
    assertThat(KernelLaws.LAWS.keySet())
        .isEqualTo(
            Arrays.stream(Kernels.class.getMethods())
                .map(Method::getName)
                .collect(Collectors.toSet()));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("providersAndMethods")
  void agreement_withTheSpecification(String name, String method, Kernels<float[]> provider) {
    for (int n : SIZES) {
      KernelLaws.LAWS.get(method).check(new KernelCase(provider, n), n);
    }
  }

  /** Whatever depends on a number is NaN where that is, in both precisions. */
  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("providersAndMethods")
  void nan_reachesWhatDependsOnIt(String name, String method, Kernels<float[]> provider) {
    List<Argument> clean = arguments(provider, method, null);
    Random random = new Random(method.hashCode());
    for (int argument = 0; argument < clean.size(); argument++) {
      for (int i = 0; i < PLACES; i++) {
        double place = random.nextDouble();
        List<Argument> moved = arguments(provider, method, new Change(argument, place, 1.25f));
        List<Argument> nan = arguments(provider, method, new Change(argument, place, Float.NaN));
        for (int a = 0; a < clean.size(); a++) {
          for (int e = 0; e < clean.get(a).exact.length; e++) {
            if (clean.get(a).exact[e] != moved.get(a).exact[e]) {
              assertThat(nan.get(a).exact[e])
                  .as("number %s of array %s with NaN in array %s", e, a, argument)
                  .isNaN();
            }
          }
        }
      }
    }
  }

  /** The law above sees no kinks, at which slopes are chosen. */
  @ParameterizedTest
  @MethodSource("providers")
  void nan_hasNoSlope(Kernels<float[]> provider) {
    float[] g = new float[NAN_SIZE];
    float[] x = new float[NAN_SIZE];
    Arrays.fill(g, 2);
    for (Unary f : Unary.values()) {
      for (int at = 0; at < NAN_SIZE; at += 4) {
        float[] y = new float[NAN_SIZE];
        float[] gx = new float[NAN_SIZE];
        Arrays.fill(x, 0.5f);
        x[at] = Float.NaN;
        provider.map(f, x, 0, y, 0, NAN_SIZE);
        provider.mapPullback(f, x, 0, y, 0, g, 0, gx, 0, NAN_SIZE);
        for (int i = 0; i < NAN_SIZE; i++) {
          assertThat(Float.isNaN(y[i])).as("%s at %s", f, i).isEqualTo(i == at);
          assertThat(Float.isNaN(gx[i]))
              .as("slope of %s at %s", f, i)
              .isEqualTo(i == at && f != Unary.NEGATE);
        }
      }
    }
  }

  /** What the law's arrays hold in the end, the precisions compared. */
  private static List<Argument> arguments(Kernels<float[]> provider, String method, Change change) {
    KernelCase root = new KernelCase(provider, 5, change);
    KernelLaws.LAWS.get(method).check(root, NAN_SIZE);
    return root.all();
  }

  @ParameterizedTest
  @MethodSource("providers")
  void determinism_valueDependsOnArgumentNotOnPlace(Kernels<float[]> provider) {
    float[] x = new float[77];
    Arrays.fill(x, 0.7f);
    for (Unary f : Unary.values()) {
      float[] y = new float[77];
      provider.map(f, x, 0, y, 0, 77);
      for (float value : y) {
        assertThat(value).as(f.name()).isEqualTo(y[0]);
      }
    }
  }
}
