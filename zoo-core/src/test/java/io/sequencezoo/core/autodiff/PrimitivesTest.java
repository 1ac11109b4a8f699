package io.sequencezoo.core.autodiff;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Every primitive against central differences. */
final class PrimitivesTest {
  @TestFactory
  Stream<DynamicTest> gradients_equalCentralDifferences() {
    return PrimitiveCases.all().stream()
        .map(
            c ->
                dynamicTest(
                    c.name(),
                    () -> {
                      GradientCheck check =
                          GradientCheck.of((tape, in) -> List.of(c.zoo().apply(tape, in)));
                      List<INDArray> inputs = c.inputs();
                      for (int i = 0; i < inputs.size(); i++) {
                        check.input("input " + i, inputs.get(i));
                      }
                      check.samples(40).run().assertPassed();
                    }));
  }
}
