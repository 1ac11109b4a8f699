package io.sequencezoo.eval.formal;

import io.sequencezoo.datasets.formal.FormalConfig;
import io.sequencezoo.datasets.formal.FormalLanguage;
import io.sequencezoo.eval.experiment.TaskCatalog;
import java.util.Arrays;
import java.util.List;

/** Registers the formal languages. */
public final class FormalCatalog implements TaskCatalog {
  @Override
  public List<Entry> entries() {
    return Arrays.stream(FormalLanguage.values())
        .map(
            language ->
                new Entry(new FormalTask(FormalConfig.standard(language)), summary(language)))
        .toList();
  }

  private static String summary(FormalLanguage language) {
    return switch (language) {
      case PARITY -> "whether ones are odd in number; tested on longer strings, as all of formal_";
      case EVEN_PAIRS -> "whether changes between bits are odd in number";
      case MAJORITY -> "whether most bits are ones";
      case CYCLE_NAVIGATION -> "the place on a circle after steps back, none and on";
      case MODULAR_ARITHMETIC -> "the value of 1 + 2 * 3 - 4 modulo 5";
      case MODULAR_ARITHMETIC_BRACKETS -> "the value of ((1+2)-(-3)) modulo 5";
      case S3 -> "the product of permutations of three items";
      case A5 -> "the product of even permutations of five items";
      case S5 -> "the product of permutations of five items";
      case DYCK -> "which bracket may close next";
    };
  }
}
