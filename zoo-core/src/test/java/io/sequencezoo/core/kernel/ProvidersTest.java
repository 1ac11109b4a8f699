package io.sequencezoo.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Which kernels are chosen, and what is said about it. */
class ProvidersTest {
  private static final Supplier<Optional<String>> USABLE = Optional::empty;

  private static Optional<String> missing() {
    return Optional.of("module absent; start Java with " + VectorSupport.flag());
  }

  private static final Supplier<Kernels<float[]>> SCALAR = ScalarKernels32::new;

  private static Kernels<float[]> never() {
    throw new AssertionError("linked before it was checked");
  }

  @Test
  void selection_isWhatTheBuildExpects() {
    // Without this a suite that silently fell back would pass for one with vectors.
    String expected = System.getProperty("zoo.expected.kernels", "");
    assertThat(Precision.FLOAT.kernels().name()).startsWith(expected);
    assertThat(KernelInfo.current().provider()).startsWith(expected);
    assertThat(Precision.DOUBLE.kernels().name()).isEqualTo("scalar");
  }

  @Test
  void info_namesEverythingThatComputes() {
    KernelInfo info = KernelInfo.current();
    assertThat(info.blas()).contains("OpenBLAS");
    assertThat(info.threads()).isEqualTo(Parallel.threads());
    assertThat(info.reason().isEmpty()).isEqualTo(info.provider().startsWith("vector"));
  }

  @Test
  void auto_takesVectorsWhereTheyAreUsable() {
    Providers.Choice choice = Providers.choose("auto", USABLE, SCALAR);
    assertThat(choice.kernels()).isNotNull();
    assertThat(choice.isFallback()).isFalse();
  }

  @Test
  void auto_fallsBackWithTheFlagThatIsMissing() {
    Providers.Choice choice =
        Providers.choose("auto", ProvidersTest::missing, ProvidersTest::never);
    assertThat(choice.kernels().name()).isEqualTo("scalar");
    assertThat(choice.isFallback()).isTrue();
    assertThat(choice.reason()).contains("--add-modules jdk.incubator.vector");
  }

  @Test
  void auto_fallsBackWhereVectorsAreTooNarrow() {
    Providers.Choice choice =
        Providers.choose(
            "auto",
            USABLE,
            () -> {
              throw new UnsupportedOperationException("vectors: must have at least 128 bits");
            });
    assertThat(choice.kernels().name()).isEqualTo("scalar");
    assertThat(choice.reason()).contains("128 bits");
  }

  @Test
  void scalar_isNoFallbackWhenAskedFor() {
    Providers.Choice choice =
        Providers.choose("scalar", ProvidersTest::neverAsked, ProvidersTest::never);
    assertThat(choice.kernels().name()).isEqualTo("scalar");
    assertThat(choice.isFallback()).isFalse();
  }

  private static Optional<String> neverAsked() {
    throw new AssertionError("no need to know");
  }

  @Test
  void vector_forcedButUnusableFails() {
    Providers.Choice choice =
        Providers.choose("vector", ProvidersTest::missing, ProvidersTest::never);
    assertThatThrownBy(choice::kernels)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "zoo.kernels: must be usable to be forced, got vector: module absent; start Java with"
                + " --add-modules jdk.incubator.vector");
  }

  @Test
  void unknownName_isRefused() {
    Providers.Choice choice = Providers.choose("gpu", USABLE, ProvidersTest::never);
    assertThatThrownBy(choice::kernels)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("zoo.kernels: must be auto, scalar or vector, got gpu");
  }
}
