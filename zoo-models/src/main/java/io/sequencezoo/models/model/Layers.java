package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * The stages of a model: a number of equal layers, written {@code layers: 4}, or a list of stages,
 * written {@code layers: [{mixer: ...}, {mixer: ..., channel: ...}, {type: ...}]}. An entry without
 * a type is a layer, and is written without one.
 *
 * <p>Patterns may be written in one line, {@code layers: "[mamba2 x 3, softmax_attention(window
 * 128)] x 4"}, or with entries {@code {type: repeat, times: 4, layers: [...]}}. They are the list
 * that they stand for, and are written as that.
 */
public final class Layers {
  /** Layers that are built one by one. */
  static final int MOST = 10_000;

  private final List<StageConfig> list;
  private final boolean counted;

  private Layers(List<StageConfig> list, boolean counted) {
    checkCount(list.size());
    this.list = List.copyOf(list);
    this.counted = counted;
  }

  /** Equal layers of the model's own blocks. */
  @JsonCreator
  public static Layers of(int count) {
    checkCount(count);
    return new Layers(Collections.nCopies(count, new LayerConfig(null, null)), true);
  }

  private static void checkCount(int count) {
    checkArgument(
        count >= 1 && count <= MOST, "layers: must be between 1 and %s, got %s", MOST, count);
  }

  /** One stage per entry. */
  @JsonCreator
  public static Layers of(List<? extends StageConfig> layers) {
    for (StageConfig layer : layers) {
      checkArgument(layer != null, "layers: every entry must be an object, got null");
    }
    return new Layers(layers.stream().flatMap(Layers::writtenOut).toList(), false);
  }

  /** A pattern in one line. */
  @JsonCreator
  public static Layers of(String pattern) {
    return of(LayerPattern.parse(pattern));
  }

  /** Repetitions with weights of their own are as many entries; those that share are one stage. */
  private static Stream<StageConfig> writtenOut(StageConfig stage) {
    return stage instanceof RepeatConfig repeat && !repeat.shared()
        ? repeat.writtenOut().stream()
        : Stream.of(stage);
  }

  /** The number of layers. */
  public int count() {
    return list.size();
  }

  /** Stage i, as far as it doesn't leave it to the model. */
  public StageConfig get(int i) {
    return list.get(i);
  }

  Stream<StageConfig> stream() {
    return list.stream();
  }

  @JsonValue
  Object json() {
    return counted ? (Object) list.size() : list.stream().map(Written::new).toList();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Layers that && counted == that.counted && list.equals(that.list);
  }

  @Override
  public int hashCode() {
    return list.hashCode();
  }

  @Override
  public String toString() {
    return json().toString();
  }

  /** An entry: Jackson writes the type of a block where the field that holds it is a block's. */
  private record Written(StageConfig stage) {
    @JsonValue
    Object json() {
      return stage instanceof LayerConfig ? stage : new Typed(stage);
    }
  }

  private record Typed(@JsonValue StageConfig stage) {}
}
