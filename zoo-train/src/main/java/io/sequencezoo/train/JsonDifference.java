package io.sequencezoo.train;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds where two JSON documents differ. */
final class JsonDifference {
  private JsonDifference() {}

  /** The first difference in words, or null for equal documents. */
  static @Nullable String first(JsonNode saved, JsonNode present) {
    return first("", saved, present);
  }

  private static @Nullable String first(String path, JsonNode saved, JsonNode present) {
    if (saved.isObject() && present.isObject()) {
      Set<String> names = new TreeSet<>();
      saved.fieldNames().forEachRemaining(names::add);
      present.fieldNames().forEachRemaining(names::add);
      for (String name : names) {
        String at = path.isEmpty() ? name : path + "." + name;
        String difference = first(at, saved.path(name), present.path(name));
        if (difference != null) {
          return difference;
        }
      }
      return null;
    }
    if (saved.isArray() && present.isArray()) {
      for (int i = 0; i < Math.max(saved.size(), present.size()); i++) {
        String difference = first(path + "[" + i + "]", saved.path(i), present.path(i));
        if (difference != null) {
          return difference;
        }
      }
      return null;
    }
    // Numbers read back from a file may have another Java type.
    boolean equal =
        (saved.isNumber() && present.isNumber())
            ? saved.decimalValue().compareTo(present.decimalValue()) == 0
            : saved.equals(present);
    return equal ? null : path + " " + text(present) + " where it was " + text(saved);
  }

  private static String text(JsonNode node) {
    return node.isMissingNode() ? "nothing" : node.toString();
  }
}
