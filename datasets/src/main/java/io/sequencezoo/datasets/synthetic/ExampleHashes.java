package io.sequencezoo.datasets.synthetic;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import io.sequencezoo.datasets.icll.Split;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/** What is decided by hashes: an example's random numbers, the split it belongs to, its data. */
public final class ExampleHashes {
  private ExampleHashes() {}

  /** Random numbers of one example alone. */
  public static SplittableRandom random(
      int version, String task, long seed, Split split, int index) {
    checkArgument(index >= 0, "%s: index must be at least 0, got %s", task, index);
    return new SplittableRandom(
        Hashing.murmur3_128()
            .newHasher()
            .putInt(version)
            .putString(task, StandardCharsets.UTF_8)
            .putLong(seed)
            .putString(split.label(), StandardCharsets.UTF_8)
            .putInt(index)
            .hash()
            .asLong());
  }

  /** The split that an example belongs to by what is asked in it. */
  public static Split split(int[] content) {
    Hasher hasher = Hashing.murmur3_128().newHasher();
    for (int token : content) {
      hasher.putInt(token);
    }
    return Split.of(hasher.hash());
  }

  /** A hash of everything that determines some data. */
  public static String ofData(String name, int version, Record config) {
    return Hashing.sha256()
        .hashString(name + " " + version + " " + config, StandardCharsets.UTF_8)
        .toString();
  }
}
