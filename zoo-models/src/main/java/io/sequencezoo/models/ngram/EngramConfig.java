package io.sequencezoo.models.ngram;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.model.Stage;
import io.sequencezoo.models.model.StageConfig;
import java.util.List;

/**
 * Describes an {@link Engram}.
 *
 * @param orders the lengths n of the token sequences that have an embedding; [2, 3]
 * @param heads hash functions per order; 4
 * @param rows of the table of each order and head, of which the next unused prime is taken; 1024
 * @param features of an order's embedding, divided between its heads; 64
 * @param seed of the hash functions, which also differ from layer to layer; 0
 */
@JsonTypeName(EngramConfig.NAME)
@JsonClassDescription("Engram: embeddings of hashed n-grams, let in by a gate")
public record EngramConfig(List<Integer> orders, int heads, int rows, int features, long seed)
    implements StageConfig {
  static final String NAME = "engram";

  /** A product of tokens and multipliers is all there is to tell n-grams apart. */
  private static final int LONGEST = 16;

  /** Above it a table of all heads would hold more than an array can. */
  private static final int MOST_ROWS = 1 << 26;

  /** Copies the orders and checks each field. */
  public EngramConfig {
    orders = Orders.checked(NAME, orders, LONGEST, "[2, 3]", "[2, 3]");
    checkArgument(heads >= 1, NAME + ": heads must be at least 1, got %s", heads);
    checkArgument(
        rows >= 1 && rows <= MOST_ROWS,
        NAME + ": rows must be between 1 and %s, got %s",
        MOST_ROWS,
        rows);
    checkArgument(
        features >= 1 && features % heads == 0,
        NAME + ": features %s must be divisible by heads %s; use a multiple of it",
        features,
        heads);
  }

  /** Small tables of pairs and triples. */
  public static EngramConfig standard() {
    return new EngramConfig(List.of(2, 3), 4, 1024, 64, 0);
  }

  /** Small forms that together reach every switch; the laws run over them. */
  public static List<EngramConfig> examples() {
    return List.of(
        new EngramConfig(List.of(2, 3), 2, 20, 6, 0), new EngramConfig(List.of(1), 1, 5, 3, 7));
  }

  @Override
  public Stage build(MixerConfig.Place place) {
    return new Engram(this, place);
  }

  @Override
  public List<MixerConfig> mixers() {
    return List.of();
  }
}
