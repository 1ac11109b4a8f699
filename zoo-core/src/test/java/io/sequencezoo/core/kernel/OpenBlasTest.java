package io.sequencezoo.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Which OpenBLAS is loaded, and what is said about it. */
class OpenBlasTest {
  /** What the poms declare; ND4J 1.0.0-M2.1 asks for 0.3.19 and 1.5.7. */
  private static final String OPENBLAS = "OpenBLAS 0.3.31";

  private static final String JAVACPP = "1.5.13";

  private static final Pattern JAR =
      Pattern.compile("(javacpp|openblas)-([0-9.]+(?:-[0-9.]+)?)(-[a-z0-9_-]+)?\\.jar");

  @Test
  void loaded_isTheOneThatWeDeclare() throws IOException {
    OpenBlas blas = OpenBlas.loaded();
    assertThat(blas.version()).isEqualTo(OPENBLAS);
    assertThat(blas.core()).isNotEmpty().isNotEqualTo(OpenBlas.UNKNOWN);
    assertThat(Loader.getVersion()).isEqualTo(JAVACPP);
    assertThat(KernelInfo.current().blas()).isEqualTo(OPENBLAS);
    assertThat(KernelInfo.current().core()).isEqualTo(blas.core());
  }

  @Test
  void classPath_hasOneVersionOfEach() {
    Set<String> found =
        Splitter.on(File.pathSeparatorChar)
            .splitToStream(System.getProperty("java.class.path"))
            .map(entry -> JAR.matcher(new File(entry).getName()))
            .filter(Matcher::matches)
            .map(jar -> jar.group(1) + " " + jar.group(2))
            .collect(Collectors.toSet());
    assertThat(found)
        .containsExactlyInAnyOrder(
            "javacpp " + JAVACPP, "openblas " + OPENBLAS.replace("OpenBLAS ", "") + "-" + JAVACPP);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void process_holdsLibrariesOfOneJar() throws IOException {
    // The presets load a copy with and one without LAPACK: what is asked for its core must be of
    // the jar that ND4J and the zoo multiply with.
    OpenBlas.loaded();
    Set<String> folders;
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      folders =
          lines
              .map(line -> line.substring(line.lastIndexOf(' ') + 1))
              .filter(path -> path.contains("libopenblas"))
              .map(path -> Path.of(path).getParent().toString())
              .collect(Collectors.toSet());
    }
    assertThat(folders).singleElement().asString().contains("0.3.31");
  }

  @Test
  void version_isTheFirstTwoWords() {
    assertThat(OpenBlas.versionOf("OpenBLAS 0.3.31 DYNAMIC_ARCH NO_AFFINITY Zen MAX_THREADS=64"))
        .isEqualTo(OPENBLAS);
    assertThat(OpenBlas.versionOf(" OpenBLAS ")).isEqualTo("OpenBLAS");
  }

  @Test
  void remedy_namesTheVariableWhereTheCoreIsGeneric() {
    OpenBlas generic = new OpenBlas(OPENBLAS, "Prescott");
    assertThat(generic.remedy(3, null))
        .hasValue(
            "OpenBLAS 0.3.31 computes for a Prescott, without this processor's vectors; set the"
                + " environment variable OPENBLAS_CORETYPE=SkylakeX");
    assertThat(generic.remedy(2, null).orElseThrow()).endsWith("OPENBLAS_CORETYPE=Haswell");
    assertThat(generic.remedy(2, "Prescott").orElseThrow())
        .endsWith("unset the environment variable OPENBLAS_CORETYPE, which is Prescott");
    assertThat(new OpenBlas(OPENBLAS, "SandyBridge").remedy(2, null)).isPresent();
  }

  @Test
  void remedy_isEmptyWhereTheCoreFits() {
    assertThat(new OpenBlas(OPENBLAS, "Prescott").remedy(1, null)).isEmpty();
    assertThat(new OpenBlas(OPENBLAS, "Haswell").remedy(2, null)).isEmpty();
    assertThat(new OpenBlas(OPENBLAS, "Cooperlake").remedy(3, null)).isEmpty();
    assertThat(new OpenBlas(OPENBLAS, "NEOVERSEN1").remedy(0, null)).isEmpty();
  }

  @Test
  void remedy_namesTheJarsWhereTheLibraryIsTooOldToSay() {
    assertThat(new OpenBlas("OpenBLAS 0.3.19", OpenBlas.UNKNOWN).remedy(2, null).orElseThrow())
        .startsWith("OpenBLAS 0.3.19 is older")
        .contains("org.bytedeco:openblas");
  }

  @Test
  void remedy_ofOneThreadNamesWhatHoldsIt() {
    assertThat(Parallel.remedy(1, 8, 8))
        .hasValueSatisfying(s -> assertThat(s).contains("zoo.threads"));
    assertThat(Parallel.remedy(1, 1, 8).orElseThrow()).contains("-XX:ActiveProcessorCount=8");
    assertThat(Parallel.remedy(1, 1, 1)).isEmpty();
    assertThat(Parallel.remedy(2, 2, 8)).isEmpty();
  }

  @Test
  void info_saysTheBitsOfItsVectors() {
    assertThat(new KernelInfo("vector-256", "", 2, OPENBLAS, "Haswell").vectorBits()).hasValue(256);
    assertThat(new KernelInfo("scalar", "", 2, OPENBLAS, "Haswell").vectorBits()).isEmpty();
  }
}
