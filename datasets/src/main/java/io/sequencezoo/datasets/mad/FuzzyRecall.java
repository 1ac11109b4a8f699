package io.sequencezoo.datasets.mad;

import io.sequencezoo.datasets.synthetic.SyntheticData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * One example of fuzzy recall: keys and values are motifs, up to M different tokens in some order.
 * Keys in validation and tests have M tokens. One pair, drawn first, comes before and is asked for
 * at the end; what is missing to the length is padding at the front.
 */
final class FuzzyRecall {
  private static final int X = SyntheticData.IGNORED;

  private final SplittableRandom random;
  private final int motif;
  private final boolean anyKeySize;
  private final int[] keyTokens;
  private final int[] valueTokens;
  private final int padding;
  private final Map<List<Integer>, List<Integer>> values = new HashMap<>();
  private final List<Integer> tokens = new ArrayList<>();
  private final List<Integer> labels = new ArrayList<>();

  FuzzyRecall(MadConfig config, SplittableRandom random, boolean anyKeySize) {
    this.random = random;
    this.motif = config.motif();
    this.anyKeySize = anyKeySize;
    this.padding = config.vocabulary() - 1;
    this.keyTokens = IntStream.range(0, padding / 2).toArray();
    this.valueTokens = IntStream.range(padding / 2, padding).toArray();
  }

  /** The whole sequence, one token longer than the size; labels stand at the tokens themselves. */
  SyntheticData.Example draw(int size) {
    List<Integer> asked = key();
    List<Integer> answer = value();
    int both = asked.size() + answer.size();
    int end = size - both - 2 * motif;
    int place = random.nextInt(Math.max(1, size - 2 * both));
    while (tokens.size() < end) {
      // No pair is longer than two motifs, so that the last one always sees this.
      boolean lastChance = tokens.size() + 2 * motif >= end;
      if (!values.containsKey(asked) && (tokens.size() >= place || lastChance)) {
        add(asked, answer);
      } else {
        List<Integer> key = key();
        add(key, key.equals(asked) ? answer : values.containsKey(key) ? values.get(key) : value());
      }
    }
    add(asked, answer);
    int[] all = new int[size + 1];
    int[] counted = new int[size + 1];
    Arrays.fill(all, padding);
    Arrays.fill(counted, X);
    int front = size + 1 - tokens.size();
    for (int i = 0; i < tokens.size(); i++) {
      all[front + i] = tokens.get(i);
      counted[front + i] = labels.get(i);
    }
    return new SyntheticData.Example(all, counted);
  }

  private void add(List<Integer> key, List<Integer> value) {
    boolean before = values.put(key, value) != null;
    for (int token : key) {
      tokens.add(token);
      labels.add(X);
    }
    for (int token : value) {
      tokens.add(token);
      labels.add(before ? token : X);
    }
  }

  private List<Integer> key() {
    return motif(keyTokens, anyKeySize ? 1 + random.nextInt(motif) : motif);
  }

  private List<Integer> value() {
    return motif(valueTokens, 1 + random.nextInt(motif));
  }

  private List<Integer> motif(int[] among, int size) {
    List<Integer> chosen = new ArrayList<>();
    while (chosen.size() < size) {
      int token = among[random.nextInt(among.length)];
      if (!chosen.contains(token)) {
        chosen.add(token);
      }
    }
    return List.copyOf(chosen);
  }
}
