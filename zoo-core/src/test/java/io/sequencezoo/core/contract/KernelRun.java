package io.sequencezoo.core.contract;

import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What a run of the suite judges. Kernels in double are the same with and without the Vector API,
 * so the run without it judges float alone; tests in double alone carry the tag {@code double},
 * which that run leaves out.
 */
public final class KernelRun {
  private KernelRun() {}

  /** The types whose kernels this run is for. */
  public static List<DataType> types() {
    return System.getProperty("zoo.expected.kernels", "").equals("scalar")
        ? List.of(DataType.FLOAT)
        : List.of(DataType.DOUBLE, DataType.FLOAT);
  }
}
