package io.sequencezoo.models.pretrained;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.offset;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Checkpoints of others: what they compute, that they come back, and what is refused. */
@Tag("double")
class PretrainedModelsTest {
  /** Both sides are doubles on the same weights; differences are those of the order of sums. */
  private static final double ROUNDING = 1e-9;

  private static final int[] IDS = {3, 1, 4, 1, 5, 9, 2, 6, 5};

  @TempDir Path folder;

  static Stream<PublicCase> cases() {
    return Stream.of(
        TransformerCases.gpt2(""),
        TransformerCases.gpt2("transformer."),
        TransformerCases.llama("llama", "", false, false, 1000),
        TransformerCases.llama("mistral", ", \"sliding_window\": 3", false, false, 3),
        TransformerCases.llama("qwen2", ", \"use_sliding_window\": false", true, false, 1000),
        TransformerCases.llama("qwen3", "", false, true, 1000),
        TransformerCases.qwen3Next(),
        RecurrentCases.gla(),
        RecurrentCases.retnet(),
        RecurrentCases.deltaNet(),
        RecurrentCases.gatedDeltaNet(),
        RecurrentCases.hgrn2(),
        RecurrentCases.mamba(false),
        RecurrentCases.mamba(true),
        RecurrentCases.mamba2(false),
        RecurrentCases.mamba2(true),
        RecurrentCases.xlstm("q", "k", "v"),
        RecurrentCases.xlstm("query", "key", "value"));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void logits_areThoseOfThePublicImplementation(PublicCase publicCase) throws IOException {
    Path source = folder.resolve("source");
    publicCase.checkpoint().write(source, publicCase.config());
    Map<String, double[]> tensors = PublicCheckpoint.read(source.resolve("model.safetensors"));
    double[][] expected = publicCase.logits().apply(new Reference(tensors), IDS);
    double[][] got = logits(PretrainedModels.load(source));
    for (int t = 0; t < IDS.length; t++) {
      for (int v = 0; v < expected[t].length; v++) {
        assertThat(got[t][v]).as("logit %s %s", t, v).isEqualTo(expected[t][v], offset(ROUNDING));
      }
    }
  }

  private static double[][] logits(Pretrained pretrained) {
    INDArray values = pretrained.parameters().values().castTo(DataType.DOUBLE);
    Parameters parameters = Parameters.over(pretrained.model(), values, null);
    try (Tape tape = Tape.inference()) {
      INDArray ids = Nd4j.createFromArray(new int[][] {IDS});
      INDArray logits =
          pretrained.model().forward(Context.inference(tape, parameters), ids).value();
      return logits.reshape(IDS.length, logits.size(2)).toDoubleMatrix();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void exportOfWhatWasImported_isTheSameBytes(PublicCase publicCase) throws IOException {
    Path source = folder.resolve("source");
    publicCase.checkpoint().write(source, publicCase.config());
    checkComesBack(source);
  }

  @Test
  void narrowTypesAndShards_comeBackToo() throws IOException {
    PublicCase llama = TransformerCases.llama("llama", "", false, false, 1000);
    PublicCheckpoint narrow = llama.checkpoint();
    narrow.typed("F16", "model.layers.0.self_attn.q_proj.weight", 16, 8);
    narrow.typed("BF16", "model.layers.0.self_attn.k_proj.weight", 8, 8);
    narrow.typed("F8_E4M3", "model.layers.0.mlp.up_proj.weight", 20, 8);
    narrow.typed("F8_E5M2", "model.layers.1.mlp.up_proj.weight", 20, 8);
    Path source = folder.resolve("source");
    narrow.writeSharded(source, llama.config());
    checkComesBack(source);
  }

  private void checkComesBack(Path source) throws IOException {
    Path model = folder.resolve("model");
    Path target = folder.resolve("target");
    PretrainedModels.save(PretrainedModels.loadConstant(source), model);
    PretrainedModels.export(PretrainedModels.open(model), target);
    assertThat(names(target)).isEqualTo(names(source));
    for (String name : names(source)) {
      assertThat(target.resolve(name)).hasSameBinaryContentAs(source.resolve(name));
    }
    assertThat(names(folder)).containsExactly("model", "source", "target");
  }

  private static List<String> names(Path path) throws IOException {
    try (Stream<Path> entries = Files.list(path)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void trainedWeights_areWrittenUnderTheirPublicNames() throws IOException {
    PublicCase gpt2 = TransformerCases.gpt2("");
    Path source = folder.resolve("source");
    gpt2.checkpoint().write(source, gpt2.config());
    Pretrained pretrained = PretrainedModels.load(source);
    pretrained.parameters().values().muli(0.5);
    Path target = folder.resolve("target");
    PretrainedModels.export(pretrained, target);
    Map<String, double[]> before = PublicCheckpoint.read(source.resolve("model.safetensors"));
    Map<String, double[]> after = PublicCheckpoint.read(target.resolve("model.safetensors"));
    assertThat(after.keySet()).isEqualTo(before.keySet());
    double[] bias = before.get("h.0.attn.c_attn.bias");
    double[] halved = after.get("h.0.attn.c_attn.bias");
    for (int i = 0; i < bias.length; i++) {
      // The bias of keys is no parameter, and stays.
      assertThat(halved[i]).isEqualTo(i >= 8 && i < 16 ? bias[i] : bias[i] / 2);
    }
    double[][] expected = gpt2.logits().apply(new Reference(after), IDS);
    assertThat(logits(pretrained)[8][3]).isEqualTo(expected[8][3], offset(ROUNDING));
  }

  @Test
  void misfits_areListedCompletelyInOneLine() throws IOException {
    PublicCase gpt2 = TransformerCases.gpt2("");
    gpt2.checkpoint()
        .without("ln_f.weight")
        .without("h.1.mlp.c_fc.bias")
        .tensor("wpe.weight", 16, 9)
        .typed("I64", "ln_f.bias", 8)
        .tensor("extra.weight", 2)
        .write(folder.resolve("source"), gpt2.config());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PretrainedModels.load(folder.resolve("source")))
        .withMessageContainingAll(
            "weights must be those of gpt2",
            "lack ln_f.weight",
            "lack h.1.mlp.c_fc.bias",
            "have extra.weight besides",
            "wpe.weight must have shape [16, 8], got [16, 9]",
            "ln_f.bias must be floating-point of at most 32 bits, got I64")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  static Stream<String[]> configurations() {
    return Stream.of(
        new String[] {"\"silu\"", "\"gelu\"", "hidden_act must be silu"},
        new String[] {
          "\"rope_scaling\": null",
          "\"rope_scaling\": {\"rope_type\": \"llama3\"}",
          "rope_scaling must be of rope_type default"
        },
        new String[] {"\"llama\"", "\"falcon\"", "model_type must be one of"},
        new String[] {"\"head_dim\": 4", "\"head_dim\": 4.5", "head_dim must be a whole number"},
        new String[] {"\"vocab_size\": 11, ", "", "vocab_size must be given, got nothing"},
        new String[] {
          "\"vocab_size\": 11",
          "\"vocab_size\": 11, \"attn_softcap\": 50",
          "got [attn_softcap] besides"
        },
        new String[] {"{", "[", "must be"});
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void configurationsThatTheZooCannotExpress_areRefusedByTheirKey(
      String from, String to, String message) throws IOException {
    PublicCase llama = TransformerCases.llama("llama", "", false, false, 1000);
    llama.checkpoint().write(folder.resolve("source"), llama.config().replace(from, to));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PretrainedModels.load(folder.resolve("source")))
        .withMessageContaining(message)
        .withMessageContaining("config.json")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  @Test
  void damagedShardsAndIndices_areRefused() throws IOException {
    PublicCase llama = TransformerCases.llama("llama", "", false, false, 1000);
    Path source = folder.resolve("source");
    llama.checkpoint().writeSharded(source, llama.config());
    Path second = source.resolve("model-00002-of-00002.safetensors");
    Path index = source.resolve("model.safetensors.index.json");
    byte[] whole = Files.readAllBytes(second);
    String text = Files.readString(index);
    Files.write(second, java.util.Arrays.copyOf(whole, whole.length - 3));
    refused(source, "truncated");
    Files.delete(second);
    refused(source, "which doesn't exist");
    Files.write(second, whole);
    for (String bad :
        List.of("../up.safetensors", "/etc/x.safetensors", "a/b.safetensors", "x.bin")) {
      Files.writeString(index, text.replace(second.getFileName().toString(), bad));
      refused(source, "must name safetensors files of its own folder");
    }
    Files.writeString(index, text.replace("\"lm_head.weight\"", "\"lm_head.wait\""));
    refused(source, "must say where tensors are");
    Files.writeString(index, "{}");
    refused(source, "weight_map");
    Files.writeString(index, "{");
    refused(source, "must be JSON");
    assertThat(folder.resolve("model")).doesNotExist();
  }

  private static void refused(Path source, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PretrainedModels.load(source))
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  @Test
  void headThatIsNotTheTiedOne_isRefused() throws IOException {
    PublicCase gpt2 = TransformerCases.gpt2("");
    gpt2.checkpoint().tensor("lm_head.weight", 11, 8);
    gpt2.checkpoint().write(folder.resolve("source"), gpt2.config());
    refused(folder.resolve("source"), "lm_head.weight must be equal to wte.weight");
  }

  @Test
  void picklesAndMissingConfigurations_areRefused() throws IOException {
    Path source = Files.createDirectories(folder.resolve("source"));
    Files.writeString(source.resolve("pytorch_model.bin"), "x");
    refused(source, "pickles are never read");
    PublicCase gpt2 = TransformerCases.gpt2("");
    gpt2.checkpoint().write(source, gpt2.config());
    Files.delete(source.resolve("config.json"));
    refused(source, "must have a config.json beside its weights");
    refused(folder.resolve("nowhere"), "must exist");
  }

  @Test
  void targetsThatExist_areLeftAlone() throws IOException {
    PublicCase gpt2 = TransformerCases.gpt2("");
    Path source = folder.resolve("source");
    gpt2.checkpoint().write(source, gpt2.config());
    Pretrained pretrained = PretrainedModels.load(source);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PretrainedModels.save(pretrained, source))
        .withMessageContaining("must not exist yet");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PretrainedModels.open(source))
        .withMessageContaining("only what was imported can be exported");
  }
}
