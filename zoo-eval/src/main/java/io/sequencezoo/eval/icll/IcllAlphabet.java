package io.sequencezoo.eval.icll;

import io.sequencezoo.datasets.icll.Vocabulary;
import io.sequencezoo.eval.experiment.Alphabet;
import java.util.Random;
import java.util.stream.IntStream;

/** Symbols as letters, {@code |} between strings; samples are of symbols alone. */
record IcllAlphabet(Vocabulary vocabulary) implements Alphabet {
  @Override
  public String symbol(int token) {
    return String.valueOf(vocabulary.character(token));
  }

  @Override
  public int[] tokens(String text) {
    return vocabulary.tokens(text);
  }

  @Override
  public int[] sample(Random random, int length) {
    return IntStream.range(0, length)
        .map(t -> vocabulary.token(random.nextInt(vocabulary.symbols())))
        .toArray();
  }
}
