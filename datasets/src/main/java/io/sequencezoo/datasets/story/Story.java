package io.sequencezoo.datasets.story;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A world that is told as it changes: people walk from place to place, and pick up, put down and
 * hand on things. A thing has no place before it is picked up for the first time.
 */
final class Story {
  private static final int NOWHERE = -1;

  /** Of all sentences, how many are walks where there are things as well. */
  private static final double WALKS = 0.4;

  private final SplittableRandom random;
  private final StoryKind kind;
  private final List<String> words = new ArrayList<>();
  private final int[] placeOf = filled(StoryWords.PEOPLE.size());
  private final int[] holderOf = filled(StoryWords.THINGS.size());
  private final int[] restOf = filled(StoryWords.THINGS.size());
  private final List<List<Integer>> held = lists(StoryWords.PEOPLE.size());
  private final List<List<Integer>> pathOf = lists(StoryWords.THINGS.size());

  /** A story of so many sentences. */
  Story(SplittableRandom random, StoryKind kind, int sentences) {
    this.random = random;
    this.kind = kind;
    for (int i = 0; i < sentences; i++) {
      boolean told = kind.hasThings() && random.nextDouble() >= WALKS && handle();
      if (!told) {
        walk();
      }
    }
  }

  private static int[] filled(int count) {
    return IntStream.generate(() -> NOWHERE).limit(count).toArray();
  }

  private static List<List<Integer>> lists(int count) {
    List<List<Integer>> lists = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      lists.add(new ArrayList<>());
    }
    return lists;
  }

  /** What was told. */
  List<String> words() {
    return words;
  }

  private void tell(String... sentence) {
    words.addAll(List.of(sentence));
    words.add(StoryWords.STOP);
  }

  private static String person(int number) {
    return StoryWords.PEOPLE.get(number);
  }

  private static String place(int number) {
    return StoryWords.PLACES.get(number);
  }

  private static String thing(int number) {
    return StoryWords.THINGS.get(number);
  }

  private void walk() {
    int person = random.nextInt(placeOf.length);
    int place;
    do {
      place = random.nextInt(StoryWords.PLACES.size());
    } while (place == placeOf[person]);
    placeOf[person] = place;
    for (int thing : held.get(person)) {
      visit(thing, place);
    }
    tell(person(person), "walks", "to", "the", place(place));
  }

  private void visit(int thing, int place) {
    List<Integer> path = pathOf.get(thing);
    if (path.isEmpty() || path.get(path.size() - 1) != place) {
      path.add(place);
    }
  }

  /** Something about a thing, where somebody can do it. */
  private boolean handle() {
    int person = random.nextInt(placeOf.length);
    if (placeOf[person] == NOWHERE) {
      return false;
    }
    List<Integer> own = held.get(person);
    int deed = random.nextInt(3);
    if (deed == 0 || own.isEmpty()) {
      return pickUp(person);
    }
    int thing = own.get(random.nextInt(own.size()));
    return deed == 1 ? putDown(person, thing) : handOn(person, thing);
  }

  private boolean pickUp(int person) {
    int[] free =
        IntStream.range(0, holderOf.length)
            .filter(thing -> holderOf[thing] == NOWHERE)
            .filter(thing -> restOf[thing] == NOWHERE || restOf[thing] == placeOf[person])
            .toArray();
    if (free.length == 0) {
      return false;
    }
    int thing = free[random.nextInt(free.length)];
    take(person, thing);
    visit(thing, placeOf[person]);
    tell(person(person), "picks", "up", "the", thing(thing));
    return true;
  }

  private void take(int person, int thing) {
    holderOf[thing] = person;
    held.get(person).add(thing);
  }

  private boolean putDown(int person, int thing) {
    held.get(person).remove(Integer.valueOf(thing));
    holderOf[thing] = NOWHERE;
    restOf[thing] = placeOf[person];
    tell(person(person), "puts", "down", "the", thing(thing));
    return true;
  }

  private boolean handOn(int person, int thing) {
    int[] near =
        IntStream.range(0, placeOf.length)
            .filter(other -> other != person && placeOf[other] == placeOf[person])
            .toArray();
    if (near.length == 0) {
      return false;
    }
    int other = near[random.nextInt(near.length)];
    held.get(person).remove(Integer.valueOf(thing));
    take(other, thing);
    tell(person(person), "hands", "the", thing(thing), "to", person(other));
    return true;
  }

  /**
   * A question and its answer, of one word or more.
   *
   * @param asked up to the question mark
   */
  record Question(List<String> asked, List<String> answer) {
    private static Question of(String answer, String... asked) {
      return new Question(List.of(asked), List.of(answer));
    }
  }

  /** A question about the story; null where it has nothing to ask about. */
  @Nullable Question question() {
    return switch (kind) {
      case ONE_FACT -> ofPerson(person -> where(person));
      case YES_NO -> ofPerson(person -> whether(person));
      case COUNTING -> ofPerson(person -> count(person));
      case LIST -> ofPerson(person -> list(person));
      case TWO_FACTS -> ofThing(false, thing -> whereIs(thing));
      case HOLDING -> ofThing(true, thing -> holder(thing));
      case THREE_FACTS -> before();
    };
  }

  private interface About {
    Question ask(int subject);
  }

  /** About somebody whose place is known. */
  private @Nullable Question ofPerson(About about) {
    return choose(
        IntStream.range(0, placeOf.length).filter(i -> placeOf[i] != NOWHERE).toArray(), about);
  }

  /** About something that was picked up. */
  private @Nullable Question ofThing(boolean heldNow, About about) {
    return choose(
        IntStream.range(0, holderOf.length)
            .filter(i -> !pathOf.get(i).isEmpty() && (!heldNow || holderOf[i] != NOWHERE))
            .toArray(),
        about);
  }

  private @Nullable Question choose(int[] among, About about) {
    return among.length == 0 ? null : about.ask(among[random.nextInt(among.length)]);
  }

  private Question where(int person) {
    return Question.of(place(placeOf[person]), "where", "is", person(person));
  }

  private Question whether(int person) {
    boolean yes = random.nextBoolean();
    int place = placeOf[person];
    while (!yes && place == placeOf[person]) {
      place = random.nextInt(StoryWords.PLACES.size());
    }
    return Question.of(yes ? "yes" : "no", "is", person(person), "in", "the", place(place));
  }

  private Question count(int person) {
    String answer = StoryWords.NUMBERS.get(held.get(person).size());
    return Question.of(answer, "how", "many", "things", "does", person(person), "hold");
  }

  private Question list(int person) {
    List<String> answer = new ArrayList<>();
    held.get(person).forEach(thing -> answer.add(thing(thing)));
    // Says that there is no more.
    answer.add(StoryWords.STOP);
    return new Question(List.of("what", "does", person(person), "hold"), answer);
  }

  private Question whereIs(int thing) {
    List<Integer> path = pathOf.get(thing);
    return Question.of(place(path.get(path.size() - 1)), "where", "is", "the", thing(thing));
  }

  private Question holder(int thing) {
    return Question.of(person(holderOf[thing]), "who", "holds", "the", thing(thing));
  }

  /** About a place that a thing came to once, from another. */
  private @Nullable Question before() {
    List<Question> questions = new ArrayList<>();
    for (int thing = 0; thing < pathOf.size(); thing++) {
      List<Integer> path = pathOf.get(thing);
      for (int i = 1; i < path.size(); i++) {
        int place = path.get(i);
        if (path.indexOf(place) == path.lastIndexOf(place)) {
          questions.add(
              Question.of(
                  place(path.get(i - 1)),
                  "where",
                  "was",
                  "the",
                  thing(thing),
                  "before",
                  "the",
                  place(place)));
        }
      }
    }
    return questions.isEmpty() ? null : questions.get(random.nextInt(questions.size()));
  }
}
