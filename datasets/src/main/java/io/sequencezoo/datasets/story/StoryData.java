package io.sequencezoo.datasets.story;

import com.google.common.primitives.Ints;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.ExampleHashes;
import io.sequencezoo.datasets.synthetic.SizedData;
import io.sequencezoo.datasets.synthetic.Sizes;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Stories with a question, each dependent on the configuration's seed, its split and its number
 * alone; sizes are sentences. A story with its question belongs to one split, by the hash of its
 * words. The answer is to be told from the question mark on.
 */
public final class StoryData implements SizedData {
  /** Grows with every change of what is drawn. */
  public static final int GENERATOR_VERSION = 1;

  private final StoryConfig config;

  /** The data of a configuration. */
  public StoryData(StoryConfig config) {
    this.config = config;
  }

  @Override
  public Sizes sizes() {
    return config;
  }

  @Override
  public int vocabulary() {
    return StoryWords.ALL.size();
  }

  @Override
  public int size(Split split, int index) {
    return split == Split.TEST ? config.tested(index) : drawnSize(random(split, index));
  }

  private int drawnSize(SplittableRandom random) {
    return random.nextInt(config.minLength(), config.maxLength() + 1);
  }

  @Override
  public int length(Split split, int index) {
    return example(split, index).tokens().length;
  }

  @Override
  public SyntheticData.Example example(Split split, int index) {
    SplittableRandom random = random(split, index);
    int drawn = drawnSize(random);
    int size = split == Split.TEST ? config.tested(index) : drawn;
    while (true) {
      Story story = new Story(random, config.kind(), size);
      Story.Question question = story.question();
      if (question != null) {
        int[] asked = asked(story, question);
        if (ExampleHashes.split(asked) == split) {
          return example(asked, question);
        }
      }
    }
  }

  private static SyntheticData.Example example(int[] asked, Story.Question question) {
    int[] answer = StoryWords.tokens(question.answer());
    int[] tokens = Ints.concat(asked, Arrays.copyOf(answer, answer.length - 1));
    int[] labels = new int[tokens.length];
    Arrays.fill(labels, SyntheticData.IGNORED);
    System.arraycopy(answer, 0, labels, asked.length - 1, answer.length);
    return new SyntheticData.Example(tokens, labels);
  }

  private static int[] asked(Story story, Story.Question question) {
    return Ints.concat(
        StoryWords.tokens(story.words()),
        StoryWords.tokens(question.asked()),
        StoryWords.tokens(List.of(StoryWords.ASK)));
  }

  private SplittableRandom random(Split split, int index) {
    return ExampleHashes.random(
        GENERATOR_VERSION, "story " + config.kind().label(), config.seed(), split, index);
  }

  @Override
  public String hash() {
    return ExampleHashes.ofData(StoryConfig.NAME, GENERATOR_VERSION, config);
  }
}
