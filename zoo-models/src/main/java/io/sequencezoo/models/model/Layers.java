package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collections;
import java.util.List;

/**
 * The layers of a model: a number of equal ones, written {@code layers: 4}, or a list of what each
 * has, written {@code layers: [{mixer: ...}, {mixer: ..., channel: ...}]}.
 */
public final class Layers {
  private final List<LayerConfig> list;
  private final boolean counted;

  private Layers(List<LayerConfig> list, boolean counted) {
    checkArgument(!list.isEmpty(), "layers: must be at least 1, got none");
    this.list = List.copyOf(list);
    this.counted = counted;
  }

  /** Equal layers of the model's own blocks. */
  @JsonCreator
  public static Layers of(int count) {
    checkArgument(count >= 1, "layers: must be at least 1, got %s", count);
    return new Layers(Collections.nCopies(count, new LayerConfig(null, null)), true);
  }

  /** One layer per entry. */
  @JsonCreator
  public static Layers of(List<LayerConfig> layers) {
    for (LayerConfig layer : layers) {
      checkArgument(layer != null, "layers: every entry must be an object, got null");
    }
    return new Layers(layers, false);
  }

  /** The number of layers. */
  public int count() {
    return list.size();
  }

  /** What layer i has of its own. */
  public LayerConfig get(int i) {
    return list.get(i);
  }

  @JsonValue
  Object json() {
    return counted ? (Object) list.size() : list;
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
}
