package io.sequencezoo.core.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON header of a safetensors file, read strictly: whatever is not exactly the format is
 * refused with the name of the file and the tensor.
 */
final class SafetensorsHeader {
  /** The reference implementation's limit. */
  static final int MAX_BYTES = 100_000_000;

  /** ND4J's limit. */
  private static final int MAX_RANK = 32;

  private static final String METADATA = "__metadata__";
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(8)
                  .maxStringLength(MAX_BYTES)
                  .maxNameLength(MAX_BYTES)
                  .build())
          .build();

  private final String file;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  private SafetensorsHeader(String file) {
    this.file = file;
  }

  /**
   * Reads the header's JSON.
   *
   * @param file the file's name, for messages
   * @param dataBytes the number of bytes that follow the header
   */
  static SafetensorsHeader parse(String file, byte[] json, long dataBytes) throws IOException {
    SafetensorsHeader header = new SafetensorsHeader(file);
    if (json.length == 0 || json[0] != '{') {
      throw header.refuse("header must start with {");
    }
    String text = header.decode(json);
    try (JsonParser parser = JSON.createParser(text)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals(METADATA)) {
          header.readMetadata(parser);
        } else {
          header.tensors.put(name, header.readTensor(parser, name));
        }
      }
      if (parser.nextToken() != null) {
        throw header.refuse("header must be one JSON object, got more after it");
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file
              + ": header must be valid JSON, got "
              + Shown.of(e.getOriginalMessage().lines().findFirst().orElse("an error"))
              + " at byte "
              + e.getLocation().getCharOffset(),
          e);
    }
    header.checkLayout(dataBytes);
    return header;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  Map<String, TensorInfo> tensors() {
    return tensors;
  }

  /** The header's bytes with its length before it, padded so that the data is 8-byte aligned. */
  static byte[] format(Map<String, String> metadata, Collection<TensorInfo> tensors)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(new byte[Long.BYTES]);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      for (TensorInfo tensor : tensors) {
        json.writeObjectFieldStart(tensor.name());
        json.writeStringField("dtype", tensor.type().name());
        json.writeFieldName("shape");
        json.writeArray(tensor.shape(), 0, tensor.shape().length);
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {tensor.begin(), tensor.end()}, 0, 2);
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    while (bytes.size() % Long.BYTES != 0) {
      bytes.write(' ');
    }
    byte[] result = bytes.toByteArray();
    long length = (long) result.length - Long.BYTES;
    if (length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "safetensors: header must take at most " + MAX_BYTES + " bytes, got " + length);
    }
    for (int i = 0; i < Long.BYTES; i++) {
      result[i] = (byte) (length >>> (8 * i));
    }
    return result;
  }

  private String decode(byte[] json) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(file + ": header must be UTF-8", e);
    }
  }

  private void readMetadata(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw refuse(METADATA + " must be an object of strings");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw refuse(METADATA + " " + key + ": must be a string, got " + parser.getText());
      }
      metadata.put(key, parser.getText());
    }
  }

  private TensorInfo readTensor(JsonParser parser, String name) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw refuse(name, "must be an object, got " + parser.getText());
    }
    ElementType type = null;
    long[] shape = null;
    long[] offsets = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "dtype" -> type = readType(parser, name);
        case "shape" -> shape = readNumbers(parser, name, key);
        case "data_offsets" -> offsets = readNumbers(parser, name, key);
        default -> throw refuse(name, "must have dtype, shape and data_offsets alone, got " + key);
      }
    }
    if (type == null || shape == null || offsets == null) {
      throw refuse(name, "must have dtype, shape and data_offsets");
    }
    return check(name, type, shape, offsets);
  }

  private TensorInfo check(String name, ElementType type, long[] shape, long[] offsets) {
    if (shape.length > MAX_RANK) {
      throw refuse(name, "must have at most " + MAX_RANK + " axes, got " + shape.length);
    }
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw refuse(
          name,
          "data_offsets must be a begin and an end after it, got " + Arrays.toString(offsets));
    }
    long bytes = byteLength(type, shape);
    if (bytes < 0) {
      throw refuse(name, "size must fit 63 bits, got shape " + Arrays.toString(shape));
    }
    if (bytes != offsets[1] - offsets[0]) {
      throw refuse(
          name,
          String.format(
              "data_offsets must span the %d bytes of %s%s, got %s",
              bytes, type, Arrays.toString(shape), Arrays.toString(offsets)));
    }
    return new TensorInfo(name, type, shape, offsets[0], offsets[1]);
  }

  /** The bytes of a shape, or -1 where they overflow; an empty axis doesn't excuse the others. */
  private static long byteLength(ElementType type, long[] shape) {
    try {
      long positive = type.bytes();
      boolean empty = false;
      for (long size : shape) {
        empty |= size == 0;
        positive = Math.multiplyExact(positive, Math.max(1, size));
      }
      return empty ? 0 : positive;
    } catch (ArithmeticException e) {
      return -1;
    }
  }

  private ElementType readType(JsonParser parser, String name) throws IOException {
    String text = parser.getText();
    if (parser.currentToken() == JsonToken.VALUE_STRING) {
      for (ElementType type : ElementType.values()) {
        if (type.name().equals(text)) {
          return type;
        }
      }
    }
    throw refuse(
        name, "dtype must be one of " + Arrays.toString(ElementType.values()) + ", got " + text);
  }

  private long[] readNumbers(JsonParser parser, String name, String key) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw refuse(name, key + " must be an array of integers, got " + parser.getText());
    }
    List<Long> numbers = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      boolean whole = parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
      boolean fits = whole && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
      if (!fits || parser.getLongValue() < 0) {
        throw refuse(
            name,
            key + " must hold integers from 0 to " + Long.MAX_VALUE + ", got " + parser.getText());
      }
      numbers.add(parser.getLongValue());
    }
    return numbers.stream().mapToLong(Long::longValue).toArray();
  }

  private void checkLayout(long dataBytes) {
    List<TensorInfo> sorted = new ArrayList<>(tensors.values());
    sorted.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
    long at = 0;
    for (TensorInfo tensor : sorted) {
      if (tensor.end() > dataBytes) {
        throw refuse(
            tensor.name(),
            "data must end within the file's "
                + dataBytes
                + " bytes of data, got "
                + tensor.end()
                + "; the file is truncated or damaged");
      }
      if (tensor.begin() < at) {
        throw refuse(tensor.name(), "must not overlap another tensor, got begin " + tensor.begin());
      }
      if (tensor.begin() > at) {
        throw refuse(
            tensor.name(),
            "must start where the tensor before it ends, at " + at + ", got " + tensor.begin());
      }
      at = tensor.end();
    }
    if (at != dataBytes) {
      throw refuse("data must be " + at + " bytes as the header says, got " + dataBytes);
    }
  }

  private IllegalArgumentException refuse(String requirement) {
    return new IllegalArgumentException(file + ": " + Shown.of(requirement));
  }

  private IllegalArgumentException refuse(String tensor, String requirement) {
    return new IllegalArgumentException(
        file + ": tensor " + Shown.of(tensor) + " " + Shown.of(requirement));
  }
}
