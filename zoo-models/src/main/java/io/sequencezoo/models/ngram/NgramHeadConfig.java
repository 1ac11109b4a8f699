package io.sequencezoo.models.ngram;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.registry.MixerConfig;
import java.util.List;

/**
 * Describes an {@link NgramHead}.
 *
 * @param orders the lengths n of the tokens that must agree, ascending, 1 for an induction head;
 *     what the heads of several read is added up; [1]
 */
@JsonTypeName(NgramHeadConfig.NAME)
@JsonClassDescription("n-gram head: the mean of what followed the same n tokens before")
public record NgramHeadConfig(List<Integer> orders) implements MixerConfig {
  static final String NAME = "ngram_head";

  /** Longer ones hardly ever come again, and each takes a sum per token. */
  private static final int LONGEST = 64;

  /** Copies the orders and checks them. */
  public NgramHeadConfig {
    orders =
        Orders.checked(
            NAME, orders, LONGEST, "[1] for an induction head", "1 for an induction head");
  }

  /** An induction head. */
  public static NgramHeadConfig standard() {
    return of(1);
  }

  /** The sum of the heads of these orders. */
  public static NgramHeadConfig of(Integer... orders) {
    return new NgramHeadConfig(List.of(orders));
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<NgramHeadConfig> examples() {
    return List.of(standard(), of(1, 2, 3), of(3));
  }

  @Override
  public SequenceMixer build(Place place) {
    return new SequenceMixer(new NgramHead(orders, place.width()));
  }
}
