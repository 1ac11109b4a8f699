package io.sequencezoo.eval.story;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sequencezoo.datasets.story.StoryConfig;
import io.sequencezoo.datasets.story.StoryData;
import io.sequencezoo.datasets.story.StoryWords;
import io.sequencezoo.eval.experiment.Alphabet;
import io.sequencezoo.eval.experiment.GeneratedTask;
import java.util.Arrays;
import java.util.Random;

/**
 * Stories and questions of one {@link io.sequencezoo.datasets.story.StoryKind}; sizes are
 * sentences.
 *
 * @param config what determines the data
 */
@JsonTypeName("story")
public record StoryTask(@JsonValue StoryConfig config) implements GeneratedTask {
  /** Reads what determines the data. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public StoryTask {}

  @Override
  public StoryData data() {
    return new StoryData(config);
  }

  @Override
  public String name() {
    return "story_" + config.kind().label();
  }

  @Override
  public String title() {
    return "Stories: " + config.kind().label().replace('_', ' ');
  }

  @Override
  public String sizes() {
    return "sentences";
  }

  /** Words with spaces between. */
  @Override
  public Alphabet alphabet() {
    return new Words();
  }

  private static final class Words implements Alphabet {
    @Override
    public String symbol(int token) {
      return StoryWords.ALL.get(token);
    }

    @Override
    public int[] tokens(String text) {
      return Arrays.stream(text.strip().split("\\s+"))
          .filter(word -> !word.isEmpty())
          .mapToInt(Words::token)
          .toArray();
    }

    private static int token(String word) {
      int token = StoryWords.ALL.indexOf(word);
      checkArgument(token >= 0, "text: words must be among %s, got %s", StoryWords.ALL, word);
      return token;
    }

    @Override
    public int[] sample(Random random, int length) {
      return random.ints(length, 0, StoryWords.ALL.size()).toArray();
    }
  }
}
