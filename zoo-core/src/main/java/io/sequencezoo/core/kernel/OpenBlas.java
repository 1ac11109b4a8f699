package io.sequencezoo.core.kernel;

import com.google.common.collect.ImmutableSet;
import java.lang.reflect.Field;
import java.util.Locale;
import java.util.Optional;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.openblas.global.openblas_full;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The OpenBLAS that is loaded.
 *
 * @param version such as {@code OpenBLAS 0.3.31}
 * @param core the processor that its kernels are written for, such as {@code Haswell}; {@link
 *     #UNKNOWN} where the library is too old to say
 */
record OpenBlas(String version, String core) {
  static final String UNKNOWN = "unknown";

  /** The variable that chooses the core before the library is loaded. */
  static final String VARIABLE = "OPENBLAS_CORETYPE";

  /** The cores of x86-64 without AVX2, in lower case; OpenBLAS falls back to the first of them. */
  private static final ImmutableSet<String> WITHOUT_AVX2 =
      ImmutableSet.of(
          "prescott",
          "generic",
          "core2",
          "penryn",
          "dunnington",
          "nehalem",
          "sandybridge",
          "atom",
          "nano",
          "athlon",
          "opteron",
          "opteron_sse3",
          "barcelona",
          "bobcat",
          "bulldozer",
          "piledriver",
          "steamroller");

  private static final int AVX2 = 2; // as HotSpot counts in UseAVX
  private static final int AVX512 = 3;

  /** What is loaded; asks the library itself, since class files carry what they saw at build. */
  static OpenBlas loaded() {
    // ND4J loads its own libraries in an order of its own; it must have done so before.
    Nd4j.factory().blas();
    try {
      String configuration = openblas_full.openblas_get_config().getString();
      String core = openblas_full.openblas_get_corename().getString();
      return new OpenBlas(versionOf(configuration), core);
    } catch (NoClassDefFoundError e) {
      return new OpenBlas(declared(), UNKNOWN); // presets before 1.5.10 can't be asked
    }
  }

  /**
   * The processors that this process may use, whatever Java was told; 1 where it can't be asked.
   */
  static int processors() {
    try {
      return openblas_full.openblas_get_num_procs();
    } catch (NoClassDefFoundError e) {
      return 1;
    }
  }

  /** The first two words, {@code OpenBLAS 0.3.31}, of what the library says of itself. */
  static String versionOf(String configuration) {
    String[] words = configuration.trim().split("\\s+", 3);
    return words.length < 2 ? configuration.trim() : words[0] + " " + words[1];
  }

  /** The version that the presets on the class path declare; reflective, not to be inlined. */
  private static String declared() {
    try {
      Field field = openblas.class.getField("OPENBLAS_VERSION");
      return ((String) field.get(null)).trim();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("openblas: its presets must declare a version", e);
    }
  }

  /**
   * What makes products slow and what to do about it, if anything.
   *
   * @param avx HotSpot's count of the processor's vector instructions: 2 has AVX2, 3 AVX-512
   * @param asked the value of {@link #VARIABLE}, null where it is not set
   */
  Optional<String> remedy(int avx, String asked) {
    if (core.equals(UNKNOWN)) {
      return Optional.of(
          version
              + " is older than the zoo's and can't say which processor it computes for; put"
              + " org.bytedeco:openblas and javacpp of zoo-core's versions first on the class path"
              + " (import io.sequencezoo:sequence-zoo in dependencyManagement)");
    }
    if (avx < AVX2 || !WITHOUT_AVX2.contains(core.toLowerCase(Locale.ROOT))) {
      return Optional.empty();
    }
    return Optional.of(
        version
            + " computes for a "
            + core
            + ", without this processor's vectors; "
            + (asked == null
                ? "set the environment variable "
                    + VARIABLE
                    + "="
                    + (avx >= AVX512 ? "SkylakeX" : "Haswell")
                : "unset the environment variable " + VARIABLE + ", which is " + asked));
  }
}
