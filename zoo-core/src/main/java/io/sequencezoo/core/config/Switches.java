package io.sequencezoo.core.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.deser.DeserializationProblemHandler;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;

/**
 * Reads {@code true} and {@code false} as the constant of an enum that has them as an alias, so
 * that a choice of kinds can be switched off as a switch is.
 */
final class Switches extends DeserializationProblemHandler {
  @Override
  public Object handleUnexpectedToken(
      DeserializationContext context,
      JavaType target,
      JsonToken token,
      JsonParser parser,
      String message)
      throws IOException {
    if (!target.isEnumType() || !token.isBoolean()) {
      return NOT_HANDLED;
    }
    try (JsonParser text = TextNode.valueOf(parser.getText()).traverse(parser.getCodec())) {
      text.nextToken();
      return context.findRootValueDeserializer(target).deserialize(text, context);
    }
  }
}
