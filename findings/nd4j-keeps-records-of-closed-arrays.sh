#!/usr/bin/env bash
# INDArray.close() frees the native memory, yet the deallocator's record of the array (a text as key,
# a reference, a map entry: hundreds of bytes of heap) stays until the garbage collector has seen the
# array itself dead. Millions of small arrays outside workspaces fill a heap that their numbers never
# touch. Arrays of a workspace, whose memory no deallocator ever frees, leave such records too.
. "$(dirname "$0")/nd4j.sh"
nd4j "closed arrays with a record: over half; after a collection: none
arrays of a workspace with a record: over half" <<'JAVA'
import java.util.Map;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.deallocation.DeallocatorService;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

public class Finding {
  private static final int ARRAYS = 20_000;

  public static void main(String[] arguments) throws Exception {
    Nd4j.create(1);
    var field = DeallocatorService.class.getDeclaredField("referenceMap");
    field.setAccessible(true);
    Map<?, ?> records = (Map<?, ?>) field.get(Nd4j.getDeallocatorService());
    collect();
    int before = records.size();
    for (int i = 0; i < ARRAYS; i++) {
      try (INDArray x = Nd4j.create(4)) {
        x.putScalar(0, i);
      }
    }
    boolean kept = records.size() - before > ARRAYS / 2;
    collect();
    System.out.printf(
        "FINDING closed arrays with a record: %s; after a collection: %s%n",
        kept ? "over half" : "fewer", records.size() - before < ARRAYS / 100 ? "none" : "some");
    var configuration = WorkspaceConfiguration.builder().initialSize(1 << 22).build();
    try (MemoryWorkspace workspace =
        Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "finding")) {
      before = records.size();
      for (int i = 0; i < ARRAYS; i++) {
        Nd4j.create(4).putScalar(0, i);
      }
      System.out.printf(
          "FINDING arrays of a workspace with a record: %s%n",
          records.size() - before > ARRAYS / 2 ? "over half" : "fewer");
    }
    System.exit(0);
  }

  private static void collect() throws InterruptedException {
    for (int i = 0; i < 10; i++) {
      System.gc();
      Thread.sleep(200);
    }
  }
}
JAVA
