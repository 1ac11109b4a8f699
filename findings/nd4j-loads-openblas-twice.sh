#!/usr/bin/env bash
# On Linux, ND4J maps two copies of OpenBLAS from one jar, with and without LAPACK in their names: a
# number of threads or a core set in one needn't be that of the other.
. "$(dirname "$0")/nd4j.sh"
nd4j "libopenblas.so.0 libopenblas_nolapack.so.0" <<'JAVA'
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.nd4j.linalg.factory.Nd4j;

public class Finding {
  public static void main(String[] arguments) throws Exception {
    Nd4j.factory().blas();
    System.out.println(
        "FINDING "
            + Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> line.contains("/libopenblas"))
                .map(line -> line.substring(line.lastIndexOf('/') + 1))
                .distinct()
                .sorted()
                .collect(Collectors.joining(" ")));
  }
}
JAVA
