package io.sequencezoo.eval.study;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.models.model.LayeredConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/**
 * One named change to a model. As text:
 *
 * <ul>
 *   <li>{@code - outputGate} switches it off wherever the model has it: false, 0 or none;
 *   <li>{@code + tiedEmbeddings} switches it on: true;
 *   <li>{@code softmax_attention -> gla} puts the standard block of one type where one of another
 *       is; sizes of the same name, such as heads, stay.
 * </ul>
 *
 * Anything else is an object with a name and values by path into the model: {@code {name: wide,
 * set: {width: 128, mixer.heads: 4}}}. A change that applies to nothing is refused.
 *
 * @param name how it is shown; the text where it is one
 * @param set values by path; empty where the name says it all
 */
public record Change(String name, Map<String, JsonNode> set) {
  private static final String ARROW = "->";
  private static final String OFF = "none";

  /** Copies the values and checks that there is something to do. */
  public Change {
    checkArgument(
        name != null && !name.isBlank(),
        "change: must have a name, got none; for example {name: narrow, set: {width: 32}}");
    set = set == null ? Map.of() : new LinkedHashMap<>(set);
    checkArgument(
        !set.isEmpty() || isText(name),
        "change %s: must be \"- SWITCH\", \"+ SWITCH\", \"TYPE -> TYPE\", or say what to set",
        name);
  }

  private static boolean isText(String name) {
    return name.matches("[-+] *\\S+") || name.matches("\\S+ *" + ARROW + " *\\S+");
  }

  /** Reads either form. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static Change of(JsonNode node) {
    if (node.isTextual()) {
      return new Change(node.asText(), null);
    }
    checkArgument(
        node.isObject() && node.path("name").isTextual() && node.path("set").isObject(),
        "change: must be text such as \"- outputGate\", or an object with name and set, got %s",
        node);
    checkArgument(
        node.size() == 2,
        "change %s: must have name and set alone, got %s",
        node.get("name"),
        node);
    Map<String, JsonNode> set = new LinkedHashMap<>();
    node.get("set").properties().forEach(entry -> set.put(entry.getKey(), entry.getValue()));
    return new Change(node.get("name").asText(), set);
  }

  /** Writes what was read. */
  @JsonValue
  Object written() {
    return set.isEmpty() ? name : Map.of("name", name, "set", set);
  }

  /**
   * The model with this change.
   *
   * @throws IllegalArgumentException where it applies to nothing, or gives no model
   */
  public <M extends LayeredConfig> M apply(M model) {
    M changed;
    try {
      changed = Configs.with(model, set.isEmpty() ? meant(model) : set);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("change " + name + ": " + e.getMessage(), e);
    }
    checkArgument(
        !changed.equals(model),
        "change %s: must change the model, which is like this already",
        name);
    return changed;
  }

  private Map<String, JsonNode> meant(LayeredConfig model) {
    int arrow = name.indexOf(ARROW);
    if (arrow > 0) {
      return replacements(
          model, name.substring(0, arrow).strip(), name.substring(arrow + ARROW.length()).strip());
    }
    return switched(model, name.substring(1).strip(), name.startsWith("+"));
  }

  private static Map<String, JsonNode> switched(LayeredConfig model, String key, boolean on) {
    Map<String, JsonNode> changes = new LinkedHashMap<>();
    TreeSet<String> known = new TreeSet<>();
    walk(
        Configs.json().valueToTree(model),
        "",
        (path, value) -> {
          JsonNode other = on ? switchedOn(value) : switchedOff(value);
          if (other != null) {
            known.add(path.substring(path.lastIndexOf('.') + 1));
          }
          if (other != null && (path.equals(key) || path.endsWith("." + key))) {
            changes.put(path, other);
          }
        });
    checkArgument(
        !changes.isEmpty(),
        "%s must be something to switch %s, one of %s; say other changes as {name, set}",
        key,
        on ? "on" : "off",
        known);
    return changes;
  }

  private static JsonNode switchedOn(JsonNode value) {
    return value.isBoolean() && !value.asBoolean() ? BooleanNode.TRUE : null;
  }

  private static JsonNode switchedOff(JsonNode value) {
    if (value.isBoolean()) {
      return value.asBoolean() ? BooleanNode.FALSE : null;
    }
    if (value.isIntegralNumber()) {
      return value.asInt() == 0 ? null : IntNode.valueOf(0);
    }
    return value.isTextual() && !value.asText().equals(OFF) ? TextNode.valueOf(OFF) : null;
  }

  private static Map<String, JsonNode> replacements(LayeredConfig model, String from, String to) {
    JsonNode standard = Configs.json().valueToTree(Configs.standard(to));
    Map<String, JsonNode> changes = new LinkedHashMap<>();
    TreeSet<String> known = new TreeSet<>();
    walk(
        Configs.json().valueToTree(model),
        "",
        (path, value) -> {
          String type = value.path("type").asText();
          if (!type.isEmpty()) {
            known.add(type);
          }
          if (type.equals(from)) {
            changes.put(path, sized(standard.deepCopy(), value));
          }
        });
    checkArgument(
        !changes.isEmpty(), "the model must have a block of type %s, it has %s", from, known);
    return changes;
  }

  /** The standard block with what is a size of the same name in the one that it replaces. */
  private static JsonNode sized(ObjectNode block, JsonNode replaced) {
    for (Map.Entry<String, JsonNode> field : replaced.properties()) {
      JsonNode own = block.get(field.getKey());
      if (own != null && own.isIntegralNumber() && field.getValue().isIntegralNumber()) {
        block.set(field.getKey(), field.getValue());
      }
    }
    return block;
  }

  /** Everything below the root, by path. */
  private static void walk(JsonNode node, String path, BiConsumer<String, JsonNode> visitor) {
    if (!path.isEmpty()) {
      visitor.accept(path, node);
    }
    String prefix = path.isEmpty() ? "" : path + ".";
    if (node.isObject()) {
      node.properties().forEach(e -> walk(e.getValue(), prefix + e.getKey(), visitor));
    }
    for (int i = 0; node.isArray() && i < node.size(); i++) {
      walk(node.get(i), prefix + i, visitor);
    }
  }
}
