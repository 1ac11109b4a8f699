package io.sequencezoo.datasets.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.base.Splitter;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.synthetic.SyntheticData;
import io.sequencezoo.datasets.synthetic.SyntheticData.Example;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Answers against a reader of the text, which looks back from its end. */
@Tag("any-kernels")
class StoryDataTest {
  private static final Pattern WALK = Pattern.compile("(\\w+) walks to the (\\w+)");
  private static final Pattern PICK = Pattern.compile("(\\w+) picks up the (\\w+)");
  private static final Pattern PUT = Pattern.compile("(\\w+) puts down the (\\w+)");
  private static final Pattern HAND = Pattern.compile("(\\w+) hands the (\\w+) to (\\w+)");

  /** What is known after the first so many sentences. */
  private record Told(List<String> sentences) {
    String placeOf(String person) {
      for (int i = sentences.size() - 1; i >= 0; i--) {
        Matcher walk = WALK.matcher(sentences.get(i));
        if (walk.matches() && walk.group(1).equals(person)) {
          return walk.group(2);
        }
      }
      return null;
    }

    /** Who has a thing; null for nobody. */
    String holderOf(String thing) {
      for (int i = sentences.size() - 1; i >= 0; i--) {
        Matcher pick = PICK.matcher(sentences.get(i));
        Matcher hand = HAND.matcher(sentences.get(i));
        Matcher put = PUT.matcher(sentences.get(i));
        if (pick.matches() && pick.group(2).equals(thing)) {
          return pick.group(1);
        }
        if (hand.matches() && hand.group(2).equals(thing)) {
          return hand.group(3);
        }
        if (put.matches() && put.group(2).equals(thing)) {
          return null;
        }
      }
      return null;
    }

    Told before(int count) {
      return new Told(sentences.subList(0, count));
    }

    /** The places of a thing, one after the other, without those before it was picked up. */
    List<String> path(String thing) {
      List<String> path = new ArrayList<>();
      for (int count = 1; count <= sentences.size(); count++) {
        String holder = before(count).holderOf(thing);
        String place = holder == null ? null : before(count).placeOf(holder);
        if (place != null && (path.isEmpty() || !path.get(path.size() - 1).equals(place))) {
          path.add(place);
        }
      }
      return path;
    }

    /** When somebody came by what they hold, ascending. */
    List<String> heldBy(String person) {
      Map<Integer, String> since = new java.util.TreeMap<>();
      for (String thing : StoryWords.THINGS) {
        if (person.equals(holderOf(thing))) {
          int count = sentences.size();
          while (person.equals(before(count - 1).holderOf(thing))) {
            count--;
          }
          since.put(count, thing);
        }
      }
      return List.copyOf(since.values());
    }
  }

  private static List<String> answer(Told told, String question) {
    List<String> words = Splitter.on(' ').splitToList(question);
    if (question.startsWith("where is the ")) {
      List<String> path = told.path(words.get(3));
      return List.of(path.get(path.size() - 1));
    }
    if (question.startsWith("where is ")) {
      return List.of(told.placeOf(words.get(2)));
    }
    if (question.startsWith("where was the ")) {
      List<String> path = told.path(words.get(3));
      assertThat(path.indexOf(words.get(6))).isEqualTo(path.lastIndexOf(words.get(6))).isPositive();
      return List.of(path.get(path.indexOf(words.get(6)) - 1));
    }
    if (question.startsWith("who holds the ")) {
      return List.of(told.holderOf(words.get(3)));
    }
    if (question.startsWith("is ")) {
      return List.of(told.placeOf(words.get(1)).equals(words.get(4)) ? "yes" : "no");
    }
    if (question.startsWith("how many things does ")) {
      return List.of(StoryWords.NUMBERS.get(told.heldBy(words.get(4)).size()));
    }
    List<String> held = new ArrayList<>(told.heldBy(words.get(2)));
    held.add(".");
    return held;
  }

  @ParameterizedTest
  @EnumSource
  void answers_followFromTheStory(StoryKind kind) {
    StoryConfig config =
        Configs.with(
            StoryConfig.standard(kind), Map.of("testLengths", List.of(14, 20), "testExamples", 60));
    StoryData data = new StoryData(config);
    Set<List<String>> answers = new HashSet<>();
    for (Split split : Split.values()) {
      for (int i = 0; i < 120; i++) {
        Example example = data.example(split, i);
        String text = String.join(" ", StoryWords.words(example.tokens()));
        String story = text.substring(0, text.indexOf('?') - 1);
        List<String> sentences = new ArrayList<>(Splitter.on(" . ").splitToList(story));
        String question = sentences.remove(sentences.size() - 1);
        assertThat(sentences).hasSize(data.size(split, i));
        Told told = new Told(sentences);
        checkPossible(told);
        List<String> expected = answer(told, question);
        int asked = Splitter.on(' ').splitToList(story).size();
        int[] labels = Arrays.copyOfRange(example.labels(), asked, example.labels().length);
        assertThat(StoryWords.words(labels)).as(text).isEqualTo(expected);
        assertThat(Arrays.copyOf(example.labels(), asked)).containsOnly(SyntheticData.IGNORED);
        assertThat(StoryWords.words(example.tokens()).subList(asked + 1, example.tokens().length))
            .isEqualTo(expected.subList(0, expected.size() - 1));
        assertThat(data.length(split, i)).isEqualTo(example.tokens().length);
        answers.add(expected);
      }
    }
    assertThat(answers).hasSizeGreaterThanOrEqualTo(kind == StoryKind.YES_NO ? 2 : 3);
  }

  /** Nobody walks to where they are, takes what others have, or gives to who is elsewhere. */
  private static void checkPossible(Told told) {
    for (int i = 0; i < told.sentences().size(); i++) {
      Told before = told.before(i);
      String sentence = told.sentences().get(i);
      Matcher walk = WALK.matcher(sentence);
      Matcher pick = PICK.matcher(sentence);
      Matcher put = PUT.matcher(sentence);
      Matcher hand = HAND.matcher(sentence);
      if (walk.matches()) {
        assertThat(before.placeOf(walk.group(1))).isNotEqualTo(walk.group(2));
      } else if (pick.matches()) {
        assertThat(before.holderOf(pick.group(2))).isNull();
        List<String> path = before.path(pick.group(2));
        assertThat(path.isEmpty() ? before.placeOf(pick.group(1)) : path.get(path.size() - 1))
            .isNotNull()
            .isEqualTo(before.placeOf(pick.group(1)));
      } else if (put.matches()) {
        assertThat(before.holderOf(put.group(2))).isEqualTo(put.group(1));
      } else {
        assertThat(hand.matches()).as(sentence).isTrue();
        assertThat(before.holderOf(hand.group(2))).isEqualTo(hand.group(1));
        assertThat(before.placeOf(hand.group(3)))
            .isNotNull()
            .isEqualTo(before.placeOf(hand.group(1)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void splits_shareNoStory(StoryKind kind) {
    StoryConfig config =
        Configs.with(
            StoryConfig.standard(kind),
            Map.of("minLength", 4, "maxLength", 4, "testLengths", List.of(4)));
    StoryData data = new StoryData(config);
    Map<String, Split> owners = new HashMap<>();
    for (Split split : Split.values()) {
      for (int i = 0; i < 500; i++) {
        String text = String.join(" ", StoryWords.words(data.example(split, i).tokens()));
        Split owner = owners.put(text.substring(0, text.indexOf('?')), split);
        assertThat(owner == null || owner == split).isTrue();
      }
    }
  }

  @Test
  void settings_areReadAndChecked() {
    StoryConfig config = StoryConfig.standard(StoryKind.LIST);
    assertThat(Configs.read("task", "{kind: list}", StoryConfig.class)).isEqualTo(config);
    assertThat(new StoryData(Configs.with(config, "seed", 1)).hash())
        .isNotEqualTo(new StoryData(config).hash());
    assertThat(StoryWords.ALL).doesNotHaveDuplicates();
    assertThatThrownBy(() -> Configs.with(config, "minLength", 3))
        .hasMessage("story: minLength must be between 4 and 65536, got 3");
    assertThatThrownBy(() -> Configs.read("task", "{seed: 1}", StoryConfig.class))
        .hasMessageContaining("story: kind must be given");
  }
}
