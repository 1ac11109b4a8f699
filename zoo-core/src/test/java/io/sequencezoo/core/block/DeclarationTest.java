package io.sequencezoo.core.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.shape.Sizes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sizes that overflow are refused where parameters are declared. */
class DeclarationTest {
  @ParameterizedTest
  @CsvSource({"1000000000, -232467168", "0, 4", "46341, 46341", "4294967296, 4294967296"})
  void weight_refusesWhatIsEmptyOrTooLarge(long in, long out) {
    Declaration declaration = new Declaration().child("layer");
    assertThatThrownBy(() -> declaration.weight("w", Initialisers.zeros(), in, out))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "parameter: layer.w must have positive dimensions and fewer than 2^31 numbers, got"
                + " [%s, %s]",
            in, out);
  }

  @Test
  void weight_takesTheLargest() {
    Declaration declaration = new Declaration();
    declaration.weight("w", Initialisers.zeros(), Integer.MAX_VALUE);
    assertThat(declaration.specs().get(0).length()).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void product_isExact() {
    assertThat(Sizes.product("gla: width of keys", 3, 5, 7)).isEqualTo(105);
    assertThatThrownBy(() -> Sizes.product("gla: width of keys", 65536, 65536))
        .hasMessage("gla: width of keys must be fewer than 2^31, got 65536 x 65536");
  }
}
