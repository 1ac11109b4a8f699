package io.sequencezoo.eval.conformance;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One conformance file.
 *
 * @param operator the operator's name
 * @param name the case's name
 * @param config its scalars
 * @param tensors all tensors by name
 */
record Case(String operator, String name, JsonNode config, Map<String, INDArray> tensors) {
  private static final String FORMAT = "sequence-conformance-1";

  static Case of(String file, Map<String, String> metadata, Map<String, INDArray> tensors) {
    String format = metadata.get("format");
    checkArgument(
        FORMAT.equals(format), "%s: metadata format must be %s, got %s", file, FORMAT, format);
    String operator = given(file, metadata, "operator");
    String name = given(file, metadata, "case");
    String config = given(file, metadata, "config");
    try {
      return new Case(operator, name, Configs.json().readTree(config), tensors);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file + ": metadata config must be JSON, " + e.getOriginalMessage(), e);
    }
  }

  private static String given(String file, Map<String, String> metadata, String key) {
    String value = metadata.get(key);
    checkArgument(value != null, "%s: metadata must have %s", file, key);
    return value;
  }

  double number(String key) {
    JsonNode node = config.get(key);
    checkArgument(
        node != null && node.isNumber(), "%s.%s: config must have number %s", operator, name, key);
    return node.asDouble();
  }

  boolean flag(String key) {
    JsonNode node = config.get(key);
    return node != null && node.asBoolean();
  }

  boolean has(String tensor) {
    return tensors.containsKey(tensor);
  }
}
