package io.sequencezoo.bench.djl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every workload at a small size; building one checks its shape and that its loss falls. */
class DjlMainTest {
  @ParameterizedTest
  @ValueSource(strings = {"lstm", "gru", "rnn"})
  void recurrentLayer_learns(String name) {
    assertThat(DjlMain.create(name, 2, 8, 16).getAsLong()).isPositive();
  }

  @Test
  void transformer_learns() {
    assertThat(DjlMain.create("transformer", 2, 8, 16, 2, 2, 11).getAsLong()).isPositive();
  }

  @Test
  void workloadOfOthers_isAbsent() {
    assertThat(DjlMain.create("para-gru", 2, 8, 16)).isNull();
  }
}
