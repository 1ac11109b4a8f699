package io.sequencezoo.core.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sequencezoo.core.contract.ReferenceVectors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class SafetensorsTest {
  @TempDir Path folder;

  @Test
  void bytes_areExactlyTheFormat() throws IOException {
    Path file = folder.resolve("w.safetensors");
    new SafetensorsWriter()
        .metadata("k", "v")
        .add("a", Nd4j.createFromArray(new float[] {1, -2}))
        .write(file);
    String json =
        "{\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    int padded = (json.length() + 7) / 8 * 8;
    ByteBuffer expected = ByteBuffer.allocate(8 + padded + 8).order(ByteOrder.LITTLE_ENDIAN);
    expected.putLong(padded).put(json.getBytes(StandardCharsets.UTF_8));
    while (expected.position() < 8 + padded) {
      expected.put((byte) ' ');
    }
    expected.putFloat(1).putFloat(-2);
    assertThat(Files.readAllBytes(file)).isEqualTo(expected.array());
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void roundTrip_keepsEveryType(ElementType type) throws IOException {
    INDArray full =
        Nd4j.createFromArray(new double[] {0, 1, 1, 0, 1, 0}).reshape(2, 3).castTo(type.dataType());
    INDArray scalar = Nd4j.createFromArray(new double[] {1}).castTo(type.dataType()).reshape();
    Path first = folder.resolve("first");
    new SafetensorsWriter()
        .add("full", full)
        .add("scalar", scalar)
        .add("empty", Nd4j.create(type.dataType(), 0, 3))
        .write(first);
    Path second = folder.resolve("second");
    try (SafetensorsReader reader = SafetensorsReader.open(first)) {
      assertThat(reader.read("full")).isEqualTo(full);
      assertThat(reader.read("full").dataType()).isEqualTo(type.dataType());
      assertThat(reader.read("scalar").shape()).isEmpty();
      assertThat(reader.read("scalar").getDouble(0)).isEqualTo(1);
      assertThat(reader.read("empty").shape()).containsExactly(0, 3);
      SafetensorsWriter writer = new SafetensorsWriter();
      reader.readAll().forEach(writer::add);
      writer.write(second);
    }
    assertThat(second).hasSameBinaryContentAs(first);
  }

  @Test
  void bits_areTheirIeeeOnes() throws IOException {
    byte[] data = {0, 0x3e, (byte) 0xc0, (byte) 0xbf, (byte) 0xff, (byte) 0x80};
    Path file =
        file(
            "{\"h\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]},"
                + "\"b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[2,4]},"
                + "\"u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[4,5]},"
                + "\"i\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[5,6]}}",
            data);
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      assertThat(reader.readWidened("h").dataType()).isEqualTo(DataType.FLOAT);
      assertThat(reader.readWidened("h").getFloat(0)).isEqualTo(1.5f);
      assertThat(reader.readWidened("b").dataType()).isEqualTo(DataType.FLOAT);
      assertThat(reader.readWidened("b").getFloat(0)).isEqualTo(-1.5f);
      assertThat(reader.read("u").getInt(0)).isEqualTo(255);
      assertThat(reader.read("i").getInt(0)).isEqualTo(-128);
    }
  }

  @Test
  void write_takesViewsAndTransposes() throws IOException {
    INDArray base = Nd4j.arange(12).castTo(DataType.DOUBLE).reshape(3, 4);
    INDArray rows = base.get(NDArrayIndex.interval(1, 3), NDArrayIndex.all());
    INDArray transposed = base.transpose();
    Path file = folder.resolve("views");
    new SafetensorsWriter().add("rows", rows).add("transposed", transposed).write(file);
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      assertThat(reader.read("rows").toDoubleMatrix()).isEqualTo(rows.toDoubleMatrix());
      assertThat(reader.read("transposed").toDoubleMatrix()).isEqualTo(transposed.toDoubleMatrix());
    }
  }

  @Test
  void write_leavesTheOldFileWhenItFails() throws IOException {
    Path file = folder.resolve("w");
    new SafetensorsWriter().add("a", Nd4j.scalar(1.0)).write(file);
    byte[] before = Files.readAllBytes(file);
    SafetensorsWriter failing =
        new SafetensorsWriter()
            .add(
                "a",
                ElementType.F32,
                new long[] {1},
                () -> {
                  throw new IllegalStateException("no array");
                });
    assertThatThrownBy(() -> failing.write(file)).hasMessage("no array");
    assertThat(file).hasBinaryContent(before);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(path -> path.getFileName().toString())).containsExactly("w");
    }
  }

  @Test
  void write_refusesAnArrayOtherThanDeclared() {
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .add("a", ElementType.F32, new long[] {2}, () -> Nd4j.create(DataType.FLOAT, 3));
    assertThatThrownBy(() -> writer.write(folder.resolve("w")))
        .hasMessage("safetensors: tensor a was declared as F32[2], got FLOAT[3]");
    assertThatThrownBy(() -> writer.add("a", Nd4j.scalar(1f)))
        .hasMessage("safetensors: tensor a is added twice");
    assertThatThrownBy(() -> ElementType.of(DataType.UTF8))
        .hasMessageContaining("data type must be one of F64");
  }

  static List<Arguments> refusals() {
    return List.of(
        refusal("[]", 0, "header must start with {"),
        refusal("", 0, "header must start with {"),
        refusal("{\"a\":1}", 0, "tensor a must be an object"),
        refusal("{", 0, "header must be valid JSON"),
        refusal("{} {}", 0, "more after it"),
        refusal("{\"__metadata__\":{\"k\":1}}", 0, "__metadata__ k: must be a string, got 1"),
        refusal("{\"__metadata__\":[]}", 0, "__metadata__ must be an object of strings"),
        refusal("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "Duplicate field 'k'"),
        refusal(tensor("a", "F32", "[2]", "0,8", tensor("a", "F32", "[2]", "8,16")), 16, "Dupl"),
        refusal(tensor("a", "F99", "[2]", "0,8"), 8, "tensor a dtype must be one of [F64, "),
        refusal(tensor("a", "F32", "[3]", "0,8"), 8, "tensor a data_offsets must span the 12 byt"),
        refusal(tensor("a", "F32", "[-2]", "0,8"), 8, "tensor a shape must hold integers"),
        refusal(tensor("a", "F32", "[2.0]", "0,8"), 8, "tensor a shape must hold integers"),
        refusal(tensor("a", "F32", "2", "0,8"), 8, "tensor a shape must be an array"),
        refusal(tensor("a", "F32", "[[2]]", "0,8"), 8, "tensor a shape must hold integers"),
        refusal(tensor("a", "F32", "[2]", "8,0"), 8, "tensor a data_offsets must be a begin and"),
        refusal(tensor("a", "F32", "[2]", "0,8,9"), 8, "tensor a data_offsets must be a begin and"),
        refusal(tensor("a", "F32", "[2]", "0,8"), 7, "tensor a data must end within the file's 7"),
        refusal(tensor("a", "F32", "[2]", "0,8"), 9, "data must be 8 bytes as the header says"),
        refusal(tensor("a", "F32", "[2]", "4,12"), 12, "tensor a must start where the tensor befo"),
        refusal(
            tensor("a", "F32", "[2]", "0,8", tensor("b", "F32", "[2]", "4,12")),
            12,
            "tensor b must not overlap another tensor, got begin 4"),
        refusal(
            tensor("a", "F32", "[2]", "0,8", tensor("b", "F32", "[2]", "12,20")),
            20,
            "tensor b must start where the tensor before it ends, at 8, got 12"),
        refusal(
            tensor("a", "F32", "[4611686018427387904,4]", "0,0"), 0, "tensor a size must fit 63"),
        refusal(
            tensor("a", "F32", "[0,4611686018427387904,4]", "0,0"), 0, "tensor a size must fit 63"),
        refusal(
            tensor("a", "F32", "[18446744073709551616]", "0,8"), 8, "tensor a shape must hold int"),
        refusal(tensor("a", "F32", "[" + "1,".repeat(32) + "1]", "0,4"), 4, "at most 32 axes"),
        refusal("{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 0, "tensor a must have dtype, shape"),
        refusal(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],\"x\":1}}",
            4,
            "tensor a must have dtype, shape and data_offsets alone, got x"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void open_refusesWhatIsNotTheFormat(String json, int dataBytes, String message)
      throws IOException {
    Path file = file(json, new byte[dataBytes]);
    assertThatThrownBy(() -> SafetensorsReader.open(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .hasMessageStartingWith(file.toString() + ": ")
        .satisfies(error -> assertThat(error.getMessage()).doesNotContain("\n"));
  }

  @Test
  void open_refusesWrongLengths() throws IOException {
    Path file = folder.resolve("short");
    assertThatThrownBy(() -> SafetensorsReader.open(file))
        .hasMessage(file + ": must be an existing file");
    Files.write(file, new byte[7]);
    assertThatThrownBy(() -> SafetensorsReader.open(file)).hasMessageContaining("got 7 bytes");
    Files.write(file, new byte[] {9, 0, 0, 0, 0, 0, 0, 0, '{', '}'});
    assertThatThrownBy(() -> SafetensorsReader.open(file))
        .hasMessageContaining("must hold the 9 bytes of its header, got 2");
    Files.write(file, new byte[] {1, (byte) 0xe1, (byte) 0xf5, 5, 0, 0, 0, 0, '{', '}'});
    assertThatThrownBy(() -> SafetensorsReader.open(file))
        .hasMessageContaining("at most 100000000 bytes, got 100000001");
    Files.write(file, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, '{', '}'});
    assertThatThrownBy(() -> SafetensorsReader.open(file))
        .hasMessageContaining("got 18446744073709551615");
    Files.write(file, new byte[] {3, 0, 0, 0, 0, 0, 0, 0, '{', (byte) 0xff, '}'});
    assertThatThrownBy(() -> SafetensorsReader.open(file)).hasMessageContaining("must be UTF-8");
  }

  @Test
  void open_refusesEveryTruncation() throws IOException {
    Path file = folder.resolve("whole");
    new SafetensorsWriter()
        .add("a", Nd4j.createFromArray(new double[] {1, 2, 3}))
        .add("b", Nd4j.scalar(DataType.INT32, 4))
        .write(file);
    byte[] whole = Files.readAllBytes(file);
    Path cut = folder.resolve("cut");
    for (int n = 0; n < whole.length; n++) {
      Files.write(cut, Arrays.copyOf(whole, n));
      assertThatThrownBy(() -> SafetensorsReader.open(cut))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void read_refusesUnknownNamesAndOddBooleans() throws IOException {
    Path file = file(tensor("a", "BOOL", "[1]", "0,1"), new byte[] {2});
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      assertThatThrownBy(() -> reader.read("b")).hasMessage(file + ": has no tensor b; it has [a]");
      assertThatThrownBy(() -> reader.read("a"))
          .hasMessage(file + ": tensor a must hold bytes 0 and 1, got 2");
    }
  }

  @Test
  void conformanceFiles_readAndWriteToTheSameTensors() throws IOException {
    Path conformance = ReferenceVectors.folder();
    Path copy = folder.resolve("copy");
    try (Stream<Path> files = Files.list(conformance)) {
      for (Path file :
          files.filter(path -> path.toString().endsWith(".safetensors")).sorted().toList()) {
        try (SafetensorsReader reader = SafetensorsReader.open(file)) {
          SafetensorsWriter writer = new SafetensorsWriter();
          reader.metadata().forEach(writer::metadata);
          Map<String, INDArray> tensors = reader.readAll();
          tensors.forEach(writer::add);
          writer.write(copy);
          assertThat(reader.metadata()).containsEntry("format", "sequence-conformance-1");
          byte[] original = Files.readAllBytes(file);
          byte[] written = Files.readAllBytes(copy);
          assertThat(data(written)).as(file.toString()).isEqualTo(data(original));
        }
      }
    }
  }

  private static byte[] data(byte[] file) {
    int header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt();
    return Arrays.copyOfRange(file, 8 + header, file.length);
  }

  private static Arguments refusal(String json, int dataBytes, String message) {
    return Arguments.of(json, dataBytes, message);
  }

  private static String tensor(String name, String type, String shape, String offsets) {
    return String.format(
        "{\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%s]}}",
        name, type, shape, offsets);
  }

  private static String tensor(
      String name, String type, String shape, String offsets, String others) {
    String one = tensor(name, type, shape, offsets);
    return one.substring(0, one.length() - 1) + "," + others.substring(1);
  }

  private Path file(String json, byte[] data) throws IOException {
    byte[] header = json.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length).put(header).put(data);
    return Files.write(folder.resolve("hand.safetensors"), bytes.array());
  }
}
