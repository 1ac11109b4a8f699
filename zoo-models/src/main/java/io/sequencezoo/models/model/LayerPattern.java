package io.sequencezoo.models.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Layers written in one line.
 *
 * <pre>{@code
 * pattern = item {"," item}
 * item    = (block | "[" pattern "]") ["x" number ["shared"]]
 * block   = type ["(" key value {"," key value} ")"]
 * }</pre>
 *
 * <p>A block is a sequence mixer, which stands for a layer of it and the model's other blocks, or a
 * stage; {@code layer} is the model's own. Values are as in YAML.
 */
final class LayerPattern {
  private static final String EXAMPLE =
      "write it such as [mamba2 x 3, softmax_attention(window 128)] x 4";

  private static final Pattern TOKEN = Pattern.compile("\\s*(?:([\\[\\](),])|([^\\s\\[\\](),]+))");

  private static final String END = "";

  private final String text;
  private final Matcher matcher;
  private String token;
  private int column;

  private LayerPattern(String text) {
    this.text = text;
    this.matcher = TOKEN.matcher(text.stripTrailing());
    next();
  }

  /**
   * The stages of a pattern.
   *
   * @throws IllegalArgumentException naming what is wrong, where, and what is right
   */
  static List<StageConfig> parse(String text) {
    LayerPattern pattern = new LayerPattern(text);
    List<StageConfig> stages = pattern.items();
    if (!pattern.token.equals(END)) {
      throw pattern.mistake("must end, or go on with a comma");
    }
    return stages;
  }

  private void next() {
    if (matcher.lookingAt()) {
      token = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
      column = matcher.start(matcher.group(1) != null ? 1 : 2) + 1;
      matcher.region(matcher.end(), matcher.regionEnd());
    } else {
      token = END;
      column = text.length() + 1;
    }
  }

  private IllegalArgumentException mistake(String requirement) {
    return new IllegalArgumentException(
        String.format(
            "layers: pattern %s at column %s, got %s in '%s'; %s",
            requirement, column, token.equals(END) ? "its end" : token, text, EXAMPLE));
  }

  private void expect(String symbol) {
    if (!token.equals(symbol)) {
      throw mistake("must have " + symbol);
    }
    next();
  }

  private List<StageConfig> items() {
    List<StageConfig> stages = new ArrayList<>();
    stages.add(item());
    while (token.equals(",")) {
      next();
      stages.add(item());
    }
    return stages;
  }

  private StageConfig item() {
    List<StageConfig> stages;
    if (token.equals("[")) {
      next();
      stages = items();
      expect("]");
    } else {
      stages = List.of(block());
    }
    int times = 1;
    boolean shared = false;
    if (token.equals("x")) {
      next();
      times = number();
      shared = token.equals("shared");
      if (shared) {
        next();
      }
    }
    return stages.size() == 1 && times == 1
        ? stages.get(0)
        : new RepeatConfig(Layers.of(stages), times, shared);
  }

  private int number() {
    if (!token.matches("[1-9][0-9]{0,5}")) {
      throw mistake("must have how often after x, a number of at least 1,");
    }
    int number = Integer.parseInt(token);
    next();
    return number;
  }

  private StageConfig block() {
    if (!token.matches("[A-Za-z][A-Za-z0-9_]*")) {
      throw mistake("must have the type of a mixer or stage, or [,");
    }
    String type = token;
    Catalog.Entry entry = Registry.get().entries().get(type);
    boolean mixer = entry != null && MixerConfig.class.isAssignableFrom(entry.config());
    if (!mixer && (entry == null || !StageConfig.class.isAssignableFrom(entry.config()))) {
      throw mistake("must have the type of a mixer or stage, which 'zoo list' shows,");
    }
    next();
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    fields.put("type", type);
    if (token.equals("(")) {
      do {
        next();
        field(fields);
      } while (token.equals(","));
      expect(")");
    }
    return mixer
        ? LayerConfig.of(read(type, fields, MixerConfig.class))
        : read(type, fields, StageConfig.class);
  }

  private void field(ObjectNode fields) {
    String key = token;
    if (!key.matches("[A-Za-z][A-Za-z0-9]*")) {
      throw mistake("must have a key and its value, such as (window 128),");
    }
    next();
    if (!token.matches("[^\\[\\](),]+")) {
      throw mistake("must have a value for " + key);
    }
    if (fields.has(key)) {
      throw mistake("must have " + key + " once");
    }
    fields.set(key, scalar());
    next();
  }

  private JsonNode scalar() {
    try {
      return Configs.yaml().readTree(token);
    } catch (JsonProcessingException e) {
      throw mistake("must have a number, word, true or false");
    }
  }

  /** By way of text, so that mistakes are told as those of a file are. */
  private static <T extends BlockConfig> T read(String type, ObjectNode fields, Class<T> kind) {
    return Configs.read("layers: " + type, fields.toString(), kind);
  }
}
