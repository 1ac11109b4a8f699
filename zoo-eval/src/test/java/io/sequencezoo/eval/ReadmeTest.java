package io.sequencezoo.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.core.op.Losses;
import io.sequencezoo.eval.report.ArchitectureTable;
import io.sequencezoo.models.channel.GluConfig;
import io.sequencezoo.models.matrix.GlaConfig;
import io.sequencezoo.models.model.Generator;
import io.sequencezoo.models.model.LanguageModel;
import io.sequencezoo.models.model.LanguageModelConfig;
import io.sequencezoo.models.model.Sampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** README.md shows what runs here, and what the registry says. */
class ReadmeTest {
  private static final Path ROOT = Path.of(System.getProperty("zoo.root", ".."));
  private static final String SOURCE = "zoo-eval/src/test/java/io/sequencezoo/eval/ReadmeTest.java";

  @Test
  void example_runsAndLearns() {
    // example
    LanguageModelConfig config =
        LanguageModelConfig.of(256, 64, 2, GlaConfig.standard(), GluConfig.standard());
    LanguageModel model = new LanguageModel(config);
    Parameters parameters = Parameters.of(model, DataType.FLOAT, /* seed= */ 1);
    INDArray ids = Nd4j.createFromArray(new int[][] {{1, 2, 3, 4, 5, 6}});
    INDArray next = Nd4j.createFromArray(new int[][] {{2, 3, 4, 5, 6, 7}});
    try (Tape tape = Tape.training()) {
      Variable logits = model.forward(Context.training(tape, parameters, /* seed= */ 1), ids);
      tape.backward(Losses.crossEntropy(tape, logits, next, TokenBatch.IGNORED, null).loss());
    }
    parameters.values().subi(parameters.gradients().mul(0.1));
    int[] tokens = new Generator(model, parameters).generate(new int[] {1, 2}, Sampling.greedy(5));
    // end of example
    assertThat(tokens).hasSize(5);
    double trained = loss(model, parameters, ids, next);
    parameters.initialise(1);
    assertThat(trained).isLessThan(loss(model, parameters, ids, next));
  }

  private static double loss(
      LanguageModel model, Parameters parameters, INDArray ids, INDArray next) {
    try (Tape tape = Tape.inference()) {
      Variable logits = model.forward(Context.inference(tape, parameters), ids);
      return Losses.crossEntropy(tape, logits, next, TokenBatch.IGNORED, null)
          .loss()
          .value()
          .getDouble(0);
    }
  }

  @Test
  void readme_showsTheExample() throws IOException {
    String source = Files.readString(ROOT.resolve(SOURCE));
    String begin = "    // example\n";
    int from = source.indexOf(begin) + begin.length();
    String region = source.substring(from, source.indexOf("    // end of example\n"));
    assertThat(readme()).contains("\n\n" + region.stripTrailing().stripIndent() + "\n```\n");
  }

  @Test
  void readme_showsTheTableOfTheRegistry() throws IOException {
    assertThat(readme())
        .as("README.md must hold what 'zoo list --markdown' prints")
        .contains("\n\n" + ArchitectureTable.ofRegistry().toMarkdown() + "\n");
  }

  private static String readme() throws IOException {
    return Files.readString(ROOT.resolve("README.md"));
  }
}
