package io.sequencezoo.models;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/** Every block whose memory learns keeps every law; apart, since its tokens cost the most. */
class MemoryContractTest {
  @TestFactory
  Stream<DynamicNode> everyMemory_keepsTheLaws() {
    return ContractTest.blocks(true);
  }
}
