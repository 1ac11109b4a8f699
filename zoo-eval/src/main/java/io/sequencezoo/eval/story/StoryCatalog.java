package io.sequencezoo.eval.story;

import io.sequencezoo.datasets.story.StoryConfig;
import io.sequencezoo.datasets.story.StoryKind;
import io.sequencezoo.eval.experiment.TaskCatalog;
import java.util.Arrays;
import java.util.List;

/** Registers the kinds of stories. */
public final class StoryCatalog implements TaskCatalog {
  @Override
  public List<Entry> entries() {
    return Arrays.stream(StoryKind.values())
        .map(kind -> new Entry(new StoryTask(StoryConfig.standard(kind)), summary(kind)))
        .toList();
  }

  private static String summary(StoryKind kind) {
    return switch (kind) {
      case ONE_FACT -> "where somebody is, in a story of people who walk";
      case TWO_FACTS -> "where a thing is that people carry";
      case THREE_FACTS -> "where a thing was before";
      case HOLDING -> "who holds a thing that is handed on";
      case YES_NO -> "whether somebody is at a place";
      case COUNTING -> "how many things somebody holds";
      case LIST -> "which things somebody holds";
    };
  }
}
