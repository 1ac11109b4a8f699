package io.sequencezoo.models.pretrained;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A checkpoint as the public tools write it, with random weights: its own writer and its own
 * reader, which share nothing with the zoo's.
 */
final class PublicCheckpoint {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Map<String, byte[]> data = new LinkedHashMap<>();
  private final Map<String, String> types = new LinkedHashMap<>();
  private final SplittableRandom random = new SplittableRandom(7);

  /** Adds a tensor of random numbers around zero. */
  PublicCheckpoint tensor(String name, long... shape) {
    return tensor(name, 0, 0.5, "F32", shape);
  }

  /** Adds a tensor of random numbers from a centre and at most a distance away. */
  PublicCheckpoint around(String name, double centre, double distance, long... shape) {
    return tensor(name, centre, distance, "F32", shape);
  }

  /** Adds a tensor of another type. */
  PublicCheckpoint typed(String type, String name, long... shape) {
    return tensor(name, 0, 0.5, type, shape);
  }

  private PublicCheckpoint tensor(
      String name, double centre, double distance, String type, long... shape) {
    int n = 1;
    for (long size : shape) {
      n *= (int) size;
    }
    ByteBuffer bytes = ByteBuffer.allocate(n * bytes(type)).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < n; i++) {
      float x = (float) (centre + distance * (2 * random.nextDouble() - 1));
      switch (type) {
        case "F32" -> bytes.putFloat(x);
        case "BF16" -> bytes.putShort((short) (Float.floatToRawIntBits(x) >>> 16));
        case "F16" -> bytes.putShort(half(x));
        // Any byte is a number but for a few that are NaN.
        case "F8_E4M3", "F8_E5M2" -> bytes.put((byte) random.nextInt(0x70));
        case "I64" -> bytes.putLong(i);
        default -> throw new IllegalArgumentException(type);
      }
    }
    return raw(name, type, bytes.array(), shape);
  }

  /** Adds a tensor of these bytes. */
  PublicCheckpoint raw(String name, String type, byte[] bytes, long... shape) {
    shapes.put(name, shape);
    types.put(name, type);
    data.put(name, bytes);
    return this;
  }

  /** Adds a tensor that repeats another. */
  PublicCheckpoint copy(String name, String original) {
    return raw(name, types.get(original), data.get(original), shapes.get(original));
  }

  /** Takes a tensor away. */
  PublicCheckpoint without(String name) {
    shapes.remove(name);
    types.remove(name);
    data.remove(name);
    return this;
  }

  /** A half near x: its mantissa is cut off. */
  private static short half(float x) {
    int bits = Float.floatToRawIntBits(x);
    int exponent = ((bits >>> 23) & 0xff) - 127 + 15;
    int rest = exponent <= 0 ? 0 : (exponent << 10) | ((bits >>> 13) & 0x3ff);
    return (short) (((bits >>> 31) << 15) | rest);
  }

  private static int bytes(String type) {
    return switch (type) {
      case "F32" -> 4;
      case "I64" -> 8;
      case "F8_E4M3", "F8_E5M2" -> 1;
      default -> 2;
    };
  }

  /** Writes one file. */
  PublicCheckpoint write(Path folder, String config) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), config);
    Files.write(folder.resolve("model.safetensors"), file(List.copyOf(shapes.keySet())));
    return this;
  }

  /** Writes two files and their index. */
  PublicCheckpoint writeSharded(Path folder, String config) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), config);
    List<String> names = List.copyOf(shapes.keySet());
    int half = names.size() / 2;
    StringBuilder map = new StringBuilder();
    for (int i = 0; i < names.size(); i++) {
      String file = "model-0000" + (i < half ? 1 : 2) + "-of-00002.safetensors";
      map.append(i == 0 ? "" : ",\n    ");
      map.append('"').append(names.get(i)).append("\": \"").append(file).append('"');
    }
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\n  \"metadata\": {\"total_size\": 1},\n  \"weight_map\": {\n    " + map + "\n  }\n}\n");
    Files.write(folder.resolve("model-00001-of-00002.safetensors"), file(names.subList(0, half)));
    Files.write(
        folder.resolve("model-00002-of-00002.safetensors"),
        file(names.subList(half, names.size())));
    return this;
  }

  /** As the reference writes it: metadata first, no spaces, padded by them to eight bytes. */
  private byte[] file(List<String> names) throws IOException {
    StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (String name : names) {
      StringBuilder shape = new StringBuilder();
      for (long size : shapes.get(name)) {
        shape.append(shape.length() == 0 ? "" : ",").append(size);
      }
      int begin = all.size();
      all.write(data.get(name));
      header
          .append(",\"" + name + "\":{\"dtype\":\"" + types.get(name) + "\",\"shape\":[" + shape)
          .append("],\"data_offsets\":[" + begin + "," + all.size() + "]}");
    }
    header.append("}");
    while (header.length() % 8 != 0) {
      header.append(' ');
    }
    byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + all.size())
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .put(all.toByteArray())
        .array();
  }

  /** The numbers of a file of F32 tensors, by name. */
  static Map<String, double[]> read(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) bytes.getLong();
    JsonNode header = JSON.readTree(bytes.array(), 8, length);
    Map<String, double[]> tensors = new LinkedHashMap<>();
    header
        .properties()
        .forEach(
            entry -> {
              if (!entry.getKey().equals("__metadata__")) {
                int begin = entry.getValue().path("data_offsets").path(0).asInt();
                int end = entry.getValue().path("data_offsets").path(1).asInt();
                double[] numbers = new double[(end - begin) / 4];
                for (int i = 0; i < numbers.length; i++) {
                  numbers[i] = bytes.getFloat(8 + length + begin + 4 * i);
                }
                tensors.put(entry.getKey(), numbers);
              }
            });
    return tensors;
  }
}
