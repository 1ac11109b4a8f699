package io.sequencezoo.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.google.common.collect.ImmutableList;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.core.registry.Registry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * Strict reading and writing of configurations as JSON and YAML: unknown keys, duplicate keys,
 * explicit nulls, values of another type, numbers that are not decimal and finite, missing and
 * trailing tokens are refused, and blocks are found by their {@code type} in the registry.
 *
 * <p>A record's static {@code standard()} says what absent keys are; {@code standard(a, b)} what
 * they are where the components a and b are given, and without a {@code standard()} beside it these
 * keys are required. A record without either says in its constructor what is required.
 */
public final class Configs {
  private static final ObjectMapper JSON = strict(new ObjectMapper());
  private static final ObjectMapper YAML =
      strict(
          new ObjectMapper(
              new YAMLFactory().disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)));

  /** A view of a key that version 0.1 didn't know; see {@link #writeAs01}. */
  public interface Since02 {}

  private Configs() {}

  /** The JSON mapper. */
  public static ObjectMapper json() {
    return JSON;
  }

  /** The YAML mapper. */
  public static ObjectMapper yaml() {
    return YAML;
  }

  /**
   * Reads a configuration from YAML, of which JSON is a part.
   *
   * @param subject what the text is, for messages
   * @throws IllegalArgumentException in one line with the path, line and column of the mistake
   */
  public static <T> T read(String subject, String text, Class<T> type) {
    Mistakes mistakes;
    try (JsonParser parser = YAML.createParser(text)) {
      mistakes = new Mistakes(parser);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(subject + ": " + Mistakes.ofSyntax(e), e);
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(subject + ": " + e.getMessage(), e);
    }
    try {
      T value = YAML.readValue(text, type);
      if (value == null) {
        throw new IllegalArgumentException(subject + ": must not be empty");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(subject + ": " + mistakes.explain(e), e);
    }
  }

  /**
   * The same configuration with one field changed; see {@link #with(Object, Map)}.
   *
   * @param path the field, such as {@code heads}, {@code mixer.heads} or {@code mixers.0.heads}
   * @param value a number, text, boolean, list, configuration or enum
   */
  public static <T> T with(T config, String path, Object value) {
    return with(config, Map.of(path, value));
  }

  /**
   * The same configuration with fields changed, read as strictly as a file is.
   *
   * <p>Fields beside a changed one that are what they would be if they were left out follow the
   * change: where {@code keyValueHeads} is {@code heads}, it stays so.
   *
   * @param changes values by path
   * @throws IllegalArgumentException naming the nearest field where there is no such one
   */
  public static <T> T with(T config, Map<String, ?> changes) {
    @SuppressWarnings("unchecked") // getClass() of a T
    Class<T> type = (Class<T>) config.getClass();
    ObjectNode tree = JSON.valueToTree(config);
    changes.keySet().forEach(path -> leaveOutDefaults(tree, owner(tree, path), config));
    changes.forEach((path, value) -> owner(tree, path).set(key(path), tree(value)));
    try {
      return JSON.treeToValue(tree, type);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(explain(tree, e), e);
    }
  }

  private static String explain(ObjectNode tree, JsonProcessingException e) {
    try (JsonParser parser = JSON.treeAsTokens(tree)) {
      return new Mistakes(parser).explain(e);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  /** A value as it is written; entries of a list one by one, or they would lose their types. */
  private static JsonNode tree(Object value) {
    if (!(value instanceof Iterable<?> list) || value instanceof JsonNode) {
      return JSON.valueToTree(value);
    }
    ArrayNode array = JSON.createArrayNode();
    list.forEach(entry -> array.add(tree(entry)));
    return array;
  }

  private static String key(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  /** The object that a path's last key belongs to. */
  private static ObjectNode owner(ObjectNode tree, String path) {
    String above = path.substring(0, path.length() - key(path).length());
    JsonNode owner = tree.at("/" + above.replace('.', '/').replaceAll("/$", ""));
    if (above.isEmpty()) {
      return tree;
    }
    if (owner instanceof ObjectNode object) {
      return object;
    }
    throw new IllegalArgumentException(
        "configuration: there must be something to change at " + path + ", got " + tree);
  }

  /** Takes every key out of a node whose absence changes nothing. */
  private static void leaveOutDefaults(ObjectNode tree, ObjectNode node, Object config) {
    for (String key : ImmutableList.copyOf(node.fieldNames())) {
      JsonNode removed = node.remove(key);
      if (!describes(tree, config)) {
        node.set(key, removed);
      }
    }
  }

  private static boolean describes(ObjectNode tree, Object config) {
    try {
      return config.equals(JSON.treeToValue(tree, config.getClass()));
    } catch (JsonProcessingException keyIsRequired) {
      return false;
    }
  }

  /**
   * The configuration of this type that says nothing but its type; the first example where some key
   * has no default.
   *
   * @throws IllegalArgumentException if there is no such type
   */
  public static BlockConfig standard(String type) {
    Catalog.Entry entry = Registry.get().entry(type);
    try {
      return JSON.convertValue(Map.of("type", type), BlockConfig.class);
    } catch (IllegalArgumentException keyWithoutDefault) {
      return entry.examples().get(0);
    }
  }

  /** Writes a configuration as indented JSON. */
  public static String write(Object config) {
    return write(JSON.writerWithDefaultPrettyPrinter(), config);
  }

  private static String write(ObjectWriter writer, Object config) {
    try {
      return writer.writeValueAsString(config);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "configuration: can't be written, " + Mistakes.ofSyntax(e), e);
    }
  }

  /**
   * Writes a configuration as version 0.1 did, of which hashes are in files: without the keys that
   * are {@link Since02}.
   */
  public static String writeAs01(Object config) {
    return write(JSON.writerWithDefaultPrettyPrinter().withView(Object.class), config);
  }

  private static ObjectMapper strict(ObjectMapper mapper) {
    mapper
        .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
        .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
        .setDefaultPropertyInclusion(JsonInclude.Include.NON_ABSENT)
        .setDefaultSetterInfo(JsonSetter.Value.forValueNulls(Nulls.FAIL, Nulls.FAIL))
        .addMixIn(BlockConfig.class, ByType.class)
        .addHandler(new Switches())
        .registerModule(new SimpleModule().setDeserializerModifier(new Standards()));
    mapper
        .coercionConfigDefaults()
        .setCoercion(CoercionInputShape.String, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.EmptyString, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Float, CoercionAction.Fail);
    mapper
        .coercionConfigFor(LogicalType.Boolean)
        .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail);
    mapper
        .coercionConfigFor(LogicalType.Textual)
        .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail);
    for (Catalog.Entry entry : Registry.get().entries().values()) {
      mapper.registerSubtypes(new NamedType(entry.config(), Registry.typeName(entry.config())));
    }
    return mapper;
  }

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
  private interface ByType {}
}
