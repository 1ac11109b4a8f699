package io.sequencezoo.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel of every provider against the specification in double precision. */
class KernelsTest {
  private static final int[] SIZES = {0, 1, 4, 6, 13, 64, 207, 1024, 4098};

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
