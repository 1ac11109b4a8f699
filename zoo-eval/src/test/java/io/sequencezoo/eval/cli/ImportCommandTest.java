package io.sequencezoo.eval.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.io.SafetensorsWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** {@code zoo import} and {@code zoo export}. */
@Tag("any-kernels")
class ImportCommandTest {
  @TempDir Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(Object... args) {
    String[] words = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      words[i] = args[i].toString();
    }
    return Zoo.run(new PrintWriter(out, true), new PrintWriter(err, true), words);
  }

  /** A Llama of width 4 with one head and one layer. */
  private Path checkpoint() throws IOException {
    Path source = Files.createDirectory(folder.resolve("source"));
    Files.writeString(
        source.resolve("config.json"),
        "{\"model_type\": \"llama\", \"vocab_size\": 7, \"hidden_size\": 4,"
            + " \"intermediate_size\": 6, \"num_hidden_layers\": 1, \"num_attention_heads\": 1,"
            + " \"tie_word_embeddings\": true}");
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    add(writer, "model.embed_tokens.weight", 7, 4);
    for (String name : new String[] {"q", "k", "v", "o"}) {
      add(writer, "model.layers.0.self_attn." + name + "_proj.weight", 4, 4);
    }
    add(writer, "model.layers.0.mlp.gate_proj.weight", 6, 4);
    add(writer, "model.layers.0.mlp.up_proj.weight", 6, 4);
    add(writer, "model.layers.0.mlp.down_proj.weight", 4, 6);
    add(writer, "model.layers.0.input_layernorm.weight", 4);
    add(writer, "model.layers.0.post_attention_layernorm.weight", 4);
    add(writer, "model.norm.weight", 4);
    writer.write(source.resolve("model.safetensors"));
    return source;
  }

  private static void add(SafetensorsWriter writer, String name, long... shape) {
    writer.add(name, Nd4j.rand(DataType.FLOAT, shape));
  }

  @Test
  void importAndExport_giveTheSameBytes() throws IOException {
    Path source = checkpoint();
    Path model = folder.resolve("model");
    Path target = folder.resolve("target");
    assertThat(run("import", source, "--output", model)).as(err.toString()).isZero();
    assertThat(out.toString()).startsWith("llama: 176 parameters, written to ");
    assertThat(run("export", model, "--output", target)).as(err.toString()).isZero();
    assertThat(target.resolve("model.safetensors"))
        .hasSameBinaryContentAs(source.resolve("model.safetensors"));
    assertThat(run("generate", model, "--prompt", "1 2", "--tokens", "3"))
        .as(err.toString())
        .isZero();
  }

  @Test
  void faults_areOneLineAndWriteNothing() throws IOException {
    Path source = checkpoint();
    Path weights = source.resolve("model.safetensors");
    byte[] whole = Files.readAllBytes(weights);
    Files.write(weights, java.util.Arrays.copyOf(whole, whole.length - 1));
    assertThat(run("import", source, "--output", folder.resolve("model"))).isEqualTo(1);
    assertThat(run("import", folder.resolve("none"), "--output", folder.resolve("model")))
        .isEqualTo(1);
    assertThat(run("export", source, "--output", folder.resolve("target"))).isEqualTo(1);
    assertThat(err.toString().lines())
        .hasSize(3)
        .allSatisfy(line -> assertThat(line).startsWith("zoo: ").doesNotContain("Exception"));
    assertThat(folder.resolve("model")).doesNotExist();
    assertThat(folder.resolve("target")).doesNotExist();
  }
}
