package io.sequencezoo.core.kernel;

import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernels chosen for this machine, once. The system property {@code zoo.kernels} is {@code
 * auto} (the default: vectors where they run at speed), {@code scalar} or {@code vector}.
 */
final class Providers {
  static final String PROPERTY = "zoo.kernels";

  private static final Logger LOG = LoggerFactory.getLogger(Providers.class);
  private static final Kernels<double[]> DOUBLES = new ScalarKernels64();
  private static final Choice CHOICE =
      choose(System.getProperty(PROPERTY, "auto"), VectorSupport::refusal, VectorSupport::create);

  static {
    if (CHOICE.kernels != null) {
      log(KernelInfo.of(CHOICE.kernels.name(), CHOICE.reason));
    }
  }

  private Providers() {}

  static Kernels<float[]> floats() {
    return CHOICE.kernels();
  }

  static Kernels<double[]> doubles() {
    return DOUBLES;
  }

  /** Why the choice fell on scalar kernels, empty if on vectors. */
  static String reason() {
    return CHOICE.reason;
  }

  /** Whether vectors were wanted and can't be had. */
  static boolean isFallback() {
    return CHOICE.fallback;
  }

  /** One line of what runs, and one of what would make it faster if anything would. */
  private static void log(KernelInfo info) {
    LOG.info(
        "kernels: {}, {} threads; {}, core {}",
        info.provider(),
        info.threads(),
        info.blas(),
        info.core());
    if (!info.remedies().isEmpty()) {
      LOG.warn("slower than this machine could be: {}", String.join("; ", info.remedies()));
    }
  }

  static Choice choose(
      String wanted, Supplier<Optional<String>> refusal, Supplier<Kernels<float[]>> vectors) {
    return switch (wanted) {
      case "scalar" -> new Choice(new ScalarKernels32(), "asked for by " + PROPERTY, false);
      case "auto", "vector" -> chooseVectors(wanted, refusal, vectors);
      default -> new Choice(null, "must be auto, scalar or vector, got " + wanted, false);
    };
  }

  private static Choice chooseVectors(
      String wanted, Supplier<Optional<String>> refusal, Supplier<Kernels<float[]>> vectors) {
    String reason;
    try {
      Optional<String> refused = refusal.get();
      if (refused.isEmpty()) {
        return new Choice(vectors.get(), "", false);
      }
      reason = refused.get();
    } catch (UnsupportedOperationException e) {
      reason = String.valueOf(e.getMessage());
    }
    return wanted.equals("vector")
        ? new Choice(null, "must be usable to be forced, got vector: " + reason, false)
        : new Choice(new ScalarKernels32(), reason, true);
  }

  /** What was chosen and why; no kernels if what was asked for can't be had. */
  static final class Choice {
    private final @Nullable Kernels<float[]> kernels;
    private final String reason;
    private final boolean fallback;

    private Choice(@Nullable Kernels<float[]> kernels, String reason, boolean fallback) {
      this.kernels = kernels;
      this.reason = reason;
      this.fallback = fallback;
    }

    /** The kernels; the failure is thrown here, since it can't be in a static initialiser. */
    Kernels<float[]> kernels() {
      if (kernels == null) {
        throw new IllegalArgumentException(PROPERTY + ": " + reason);
      }
      return kernels;
    }

    boolean isFallback() {
      return fallback;
    }

    String reason() {
      return reason;
    }
  }
}
