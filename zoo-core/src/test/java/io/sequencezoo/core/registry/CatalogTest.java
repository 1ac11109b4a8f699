package io.sequencezoo.core.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An entry is read off the configuration, and says what that lacks. */
public class CatalogTest {
  /** A configuration as it should be. */
  @JsonClassDescription("A whole one")
  public record Whole(int size) implements BlockConfig {
    /** Two sizes. */
    public static List<Whole> examples() {
      return List.of(new Whole(1), new Whole(2));
    }
  }

  /** A configuration without a summary. */
  public record Unsaid() implements BlockConfig {
    /** One. */
    public static List<Unsaid> examples() {
      return List.of(new Unsaid());
    }
  }

  /** A configuration without examples. */
  @JsonClassDescription("Nothing to run")
  public record Unshown() implements BlockConfig {}

  /** A configuration with an empty list of them. */
  @JsonClassDescription("Nothing to run")
  public record Empty() implements BlockConfig {
    /** None. */
    public static List<Empty> examples() {
      return List.of();
    }
  }

  /** A configuration with examples of something else. */
  @JsonClassDescription("Others to run")
  public record Foreign() implements BlockConfig {
    /** Of another type. */
    public static List<Whole> examples() {
      return Whole.examples();
    }
  }

  @Test
  void entry_saysWhatTheConfigurationSays() {
    Catalog.Entry entry = Catalog.Entry.of(Whole.class, String.class);

    assertThat(entry).isEqualTo(new Catalog.Entry(Whole.class, String.class, "A whole one"));
    assertThat(entry.examples()).isEqualTo(List.of(new Whole(1), new Whole(2)));
  }

  @Test
  void entry_ofAConfigurationWithoutSummary_saysSo() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Catalog.Entry.of(Unsaid.class, String.class))
        .withMessage(
            "registry: io.sequencezoo.core.registry.CatalogTest$Unsaid lacks"
                + " @JsonClassDescription");
  }

  @Test
  void entry_ofAConfigurationWithoutExamples_saysSo() {
    assertNoExamples(Unshown.class, "[]");
    assertNoExamples(Empty.class, "[]");
    assertNoExamples(Foreign.class, "[Whole[size=1], Whole[size=2]]");
  }

  private static void assertNoExamples(Class<? extends BlockConfig> config, String got) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Catalog.Entry.of(config, String.class).examples())
        .withMessage(
            "registry: %s must have a public static List<%s> examples() of at least one, got %s",
            config.getName(), config.getSimpleName(), got);
  }
}
