package io.sequencezoo.core.kernel;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;

/**
 * Whether this virtual machine runs the Vector API at speed. Names no type of that API, so that it
 * loads where the module is absent.
 */
final class VectorSupport {
  private static final String MODULE = "jdk.incubator.vector";
  private static final int OPTIMISING_LEVEL = 4; // HotSpot's C2

  private VectorSupport() {}

  /** Why vectors can't be used and what to do about it; empty if they can. */
  static Optional<String> refusal() {
    Optional<Module> module = ModuleLayer.boot().findModule(MODULE);
    if (module.isEmpty()) {
      return Optional.of("module " + MODULE + " is not loaded; start Java with " + flag());
    }
    // Without effect on the class path, where the unnamed module reads every module.
    VectorSupport.class.getModule().addReads(module.get());
    HotSpotDiagnosticMXBean machine =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    if (machine == null) {
      return Optional.of(
          "the virtual machine is not HotSpot, got " + System.getProperty("java.vm.name"));
    }
    if (!optimises(machine)) {
      // Measured: vector code compiled by C1 alone is 43 times slower than scalar code.
      return Optional.of(
          "the optimising compiler is off, got "
              + System.getProperty("java.vm.info")
              + "; start Java without -Xint, -client and -XX:TieredStopAtLevel");
    }
    if (!Boolean.parseBoolean(option(machine, "UseFMA", "true"))) {
      return Optional.of("the processor has no fused multiply-add (or -XX:-UseFMA is given)");
    }
    return Optional.empty();
  }

  /** The option that loads the module. */
  static String flag() {
    return "--add-modules " + MODULE;
  }

  /** {@code new VectorKernels()}, apart from the checks so that it is linked after them. */
  static Kernels<float[]> create() {
    return new VectorKernels();
  }

  private static boolean optimises(HotSpotDiagnosticMXBean machine) {
    String info = System.getProperty("java.vm.info", "");
    String level = option(machine, "TieredStopAtLevel", Integer.toString(OPTIMISING_LEVEL));
    return !info.contains("emulated-client")
        && !info.contains("interpreted")
        && Integer.parseInt(level) >= OPTIMISING_LEVEL
        && !Boolean.parseBoolean(option(machine, "UseJVMCICompiler", "false"));
  }

  /** The vector instructions of x86-64 as HotSpot counts them: 2 has AVX2, 3 AVX-512; else 0. */
  static int avx() {
    HotSpotDiagnosticMXBean machine =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    return machine == null ? 0 : Integer.parseInt(option(machine, "UseAVX", "0"));
  }

  private static String option(HotSpotDiagnosticMXBean machine, String name, String absent) {
    try {
      return machine.getVMOption(name).getValue();
    } catch (IllegalArgumentException e) {
      return absent;
    }
  }
}
