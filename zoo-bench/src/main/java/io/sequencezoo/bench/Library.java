package io.sequencezoo.bench;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.Locale;

/** What the zoo is timed against. */
enum Library {
  /** PyTorch through JavaCPP's presets. */
  PYTORCH(
      "PyTorch",
      "peer",
      "io.sequencezoo.bench.peer.PeerMain",
      "",
      Settings.DEFAULT,
      Settings.SINGLE_BLAS,
      Settings.PASSIVE),

  /** Deeplearning4j's own layers on ND4J. */
  DL4J(
      "DL4J",
      "peer-dl4j",
      "io.sequencezoo.bench.dl4j.Dl4jMain",
      "layers as it has them, with the zoo's OpenBLAS, newer than ND4J's own; recurrent layers end in"
          + " a mean squared error; its attention has no causal mask and no biases; output not tied"
          + " to the embedding; weight decay decoupled from Adam; no GRU",
      Settings.DEFAULT,
      Settings.SINGLE,
      Settings.PASSIVE),

  /** The Deep Java Library on its PyTorch engine. */
  DJL(
      "DJL",
      "peer-djl",
      "io.sequencezoo.bench.djl.DjlMain",
      "blocks as it has them; recurrent blocks end in a mean squared error; attention masks scores"
          + " that it keeps in memory; GELU by the error function",
      Settings.DEFAULT,
      Settings.PASSIVE);

  /**
   * Which thread pool of a library is in the way of which differs by workload, so that each
   * workload is timed under every setting and its best counts.
   */
  enum Settings {
    /** As the library starts by itself, on the threads asked for. */
    DEFAULT(ImmutableMap.of()),
    /** OpenBLAS on one thread, so that parallel regions don't nest. */
    SINGLE_BLAS(ImmutableMap.of("OPENBLAS_NUM_THREADS", "1")),
    /** One thread for everything: where regions are too small, two are slower. */
    SINGLE(ImmutableMap.of("OMP_NUM_THREADS", "1")),
    /** Idle OpenMP threads sleep instead of spinning. */
    PASSIVE(ImmutableMap.of("OMP_WAIT_POLICY", "PASSIVE"));

    private final ImmutableMap<String, String> environment;

    Settings(ImmutableMap<String, String> environment) {
      this.environment = environment;
    }

    ImmutableMap<String, String> environment() {
      return environment;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final String title;
  private final String module;
  private final String main;
  private final String note;
  private final ImmutableList<Settings> settings;

  Library(String title, String module, String main, String note, Settings... settings) {
    this.title = title;
    this.module = module;
    this.main = main;
    this.note = note;
    this.settings = ImmutableList.copyOf(settings);
  }

  /** Its name for people. */
  String title() {
    return title;
  }

  /** The folder of its module in {@code zoo-bench}. */
  String module() {
    return module;
  }

  /** The class that answers in its process. */
  String main() {
    return main;
  }

  /** How its workloads differ from the zoo's; empty where they don't. */
  String note() {
    return note;
  }

  /** What it is timed under. */
  ImmutableList<Settings> settings() {
    return settings;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
