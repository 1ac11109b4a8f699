package io.sequencezoo.core.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.InvalidNullException;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says in one line what is wrong with a text, and where: path, line, column, what is known. */
final class Mistakes {
  /** Leading zeros are octal in YAML 1.1, underscores are ignored, and the rest isn't JSON. */
  private static final Pattern DECIMAL =
      Pattern.compile("[-+]?(?:0|[1-9][0-9]*)?(?:[.][0-9]*)?(?:[eE][-+]?[0-9]+)?");

  private static final Pattern KNOWN_TYPES = Pattern.compile("known type ids = \\[(.*?)]");

  private static final String WHOLE = "a whole number";
  private static final String NUMBER = "a number";
  private static final String SWITCH = "true or false";

  private static final ImmutableMap<Class<?>, String> EXPECTED =
      ImmutableMap.<Class<?>, String>builder()
          .put(int.class, WHOLE)
          .put(Integer.class, WHOLE)
          .put(long.class, WHOLE)
          .put(Long.class, WHOLE)
          .put(double.class, NUMBER)
          .put(Double.class, NUMBER)
          .put(boolean.class, SWITCH)
          .put(Boolean.class, SWITCH)
          .put(String.class, "text")
          .buildOrThrow();

  /** Where keys and entries stand, and what scalars say, by path. */
  private final Map<String, JsonLocation> places = new LinkedHashMap<>();

  private final Map<String, String> scalars = new LinkedHashMap<>();

  /**
   * Reads a text once to know its places.
   *
   * @throws IllegalArgumentException at a number that isn't decimal and finite
   */
  Mistakes(JsonParser parser) throws IOException {
    for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
      String path = parser.getParsingContext().pathAsPointer().toString();
      places.putIfAbsent(path, parser.currentTokenLocation());
      if (token.isScalarValue()) {
        String text = parser.getText();
        scalars.put(
            path, token == JsonToken.VALUE_STRING ? "text '" + text + "'" : "'" + text + "'");
        if (token.isNumeric() && !(DECIMAL.matcher(text).matches() && isFinite(text))) {
          throw new IllegalArgumentException(
              (path.isEmpty() ? "" : dotted(path) + ": ")
                  + "numbers must be decimal and finite, got "
                  + text
                  + at(parser.currentTokenLocation()));
        }
      }
    }
  }

  private static boolean isFinite(String decimal) {
    return Double.isFinite(Double.parseDouble(decimal));
  }

  /** A required key that is absent; another key may have been meant for it. */
  static final class MissingKey extends IllegalArgumentException {
    private static final long serialVersionUID = 1;
    private final transient List<String> known;

    MissingKey(String message, List<String> known) {
      super(message);
      this.known = known;
    }
  }

  /** What is wrong where it isn't known more of the text. */
  static String ofSyntax(JsonProcessingException e) {
    return firstLine(e) + at(e.getLocation());
  }

  /** What is wrong. */
  String explain(JsonProcessingException e) {
    List<JsonMappingException.Reference> steps =
        e instanceof JsonMappingException mapping ? mapping.getPath() : List.of();
    String path = path(steps);
    String where = at(places.getOrDefault(path, e.getLocation()));
    Throwable root = e;
    while (root.getCause() instanceof IllegalArgumentException) {
      root = root.getCause();
    }
    if (root instanceof MissingKey missing) {
      for (String place : places.keySet()) {
        String key = place.substring(place.lastIndexOf('/') + 1);
        if (place.equals(path + "/" + key) && !key.equals("type") && !missing.known.contains(key)) {
          return unknownKey(place, key, missing.known, e.getLocation());
        }
      }
    }
    String subject = path.isEmpty() ? "" : dotted(path) + ": ";
    if (root != e) {
      return root.getMessage() + (path.isEmpty() ? "" : " at " + dotted(path)) + where;
    }
    if (e instanceof UnrecognizedPropertyException unknown) {
      List<String> known = new ArrayList<>();
      unknown.getKnownPropertyIds().forEach(id -> known.add(id.toString()));
      return unknownKey(path, unknown.getPropertyName(), known, e.getLocation());
    }
    if (e instanceof InvalidTypeIdException unknown) {
      String type = unknown.getTypeId();
      Matcher known = KNOWN_TYPES.matcher(e.getMessage());
      return type == null
          ? subject + "type must be given" + where
          : subject
              + "unknown type "
              + type
              + at(places.getOrDefault(path + "/type", e.getLocation()))
              + (known.find() ? Nearest.hint(type, List.of(known.group(1).split(", "))) : "");
    }
    if (e instanceof InvalidFormatException unknown && unknown.getTargetType().isEnum()) {
      String value = unknown.getValue().toString();
      return subject
          + "unknown value "
          + value
          + where
          + Nearest.hint(
              value,
              Arrays.stream(unknown.getTargetType().getEnumConstants())
                  .map(constant -> Configs.json().convertValue(constant, String.class))
                  .toList());
    }
    if (e instanceof InvalidNullException) {
      return subject + "must not be null; leave the key out for its default" + where;
    }
    if (e instanceof MismatchedInputException mismatch
        && EXPECTED.containsKey(mismatch.getTargetType())) {
      String got = scalars.containsKey(path) ? ", got " + scalars.get(path) : "";
      return subject + "must be " + EXPECTED.get(mismatch.getTargetType()) + got + where;
    }
    return subject + firstLine(e) + where;
  }

  private String unknownKey(String path, String key, List<String> known, JsonLocation otherwise) {
    String owner = path.substring(0, path.lastIndexOf('/'));
    return (owner.isEmpty() ? "" : dotted(owner) + ": ")
        + "unknown key "
        + key
        + at(places.getOrDefault(path, otherwise))
        + Nearest.hint(key, known);
  }

  private static String firstLine(JsonProcessingException e) {
    return e.getOriginalMessage().lines().findFirst().orElse("");
  }

  /** As a JSON pointer. */
  private static String path(List<JsonMappingException.Reference> steps) {
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference step : steps) {
      path.append('/')
          .append(step.getFieldName() == null ? "" + step.getIndex() : step.getFieldName());
    }
    return path.toString();
  }

  private static String dotted(String pointer) {
    return pointer.substring(1).replace('/', '.');
  }

  private static String at(JsonLocation location) {
    return location == null || location.getLineNr() < 1
        ? ""
        : " at line " + location.getLineNr() + " column " + location.getColumnNr();
  }
}
