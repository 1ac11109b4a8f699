package io.sequencezoo.eval.fault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Configurations with one number or one entry of a list changed. */
final class Mutants {
  /** What numbers are replaced by. */
  private static final int[] EXTREMES = {0, -1, Integer.MAX_VALUE};

  private Mutants() {}

  /** The texts of a configuration with each of its numbers and list entries changed once. */
  static Map<String, String> extremes(Object config) {
    JsonNode tree = Configs.json().valueToTree(config);
    Map<String, String> texts = new LinkedHashMap<>();
    for (String path : paths(tree, "")) {
      JsonNode found = tree.at(path);
      if (found.isNumber()) {
        for (int extreme : EXTREMES) {
          texts.put(path + " = " + extreme, with(tree, path, Configs.json().valueToTree(extreme)));
        }
      } else if (found instanceof ArrayNode array && !array.isEmpty()) {
        ArrayNode nulls = array.deepCopy();
        nulls.setNull(0);
        texts.put(path + " = [null, ...]", with(tree, path, nulls));
        texts.put(path + " = []", with(tree, path, Configs.json().createArrayNode()));
      }
    }
    return texts;
  }

  /** The pointers of everything in a tree. */
  private static List<String> paths(JsonNode tree, String above) {
    List<String> paths = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : tree.properties()) {
      String path = above + "/" + field.getKey();
      paths.add(path);
      paths.addAll(paths(field.getValue(), path));
    }
    if (tree.isArray()) {
      for (int i = 0; i < tree.size(); i++) {
        paths.add(above + "/" + i);
        paths.addAll(paths(tree.get(i), above + "/" + i));
      }
    }
    return paths;
  }

  private static String with(JsonNode tree, String path, JsonNode value) {
    JsonNode changed = tree.deepCopy();
    int slash = path.lastIndexOf('/');
    JsonNode owner = changed.at(path.substring(0, slash));
    String key = path.substring(slash + 1);
    if (owner instanceof ArrayNode array) {
      array.set(Integer.parseInt(key), value);
    } else {
      ((ObjectNode) owner).set(key, value);
    }
    return changed.toString();
  }
}
