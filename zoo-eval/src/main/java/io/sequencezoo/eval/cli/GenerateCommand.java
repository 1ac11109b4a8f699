package io.sequencezoo.eval.cli;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.eval.experiment.Alphabet;
import io.sequencezoo.models.model.Generator;
import io.sequencezoo.models.model.ModelFiles;
import io.sequencezoo.models.model.Sampling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zoo generate DIR}: continues a prompt with a trained model. */
@Command(
    name = "generate",
    description = {
      "Continue a prompt with a trained model.",
      "DIR is a folder 'model' that 'zoo run' wrote; the prompt is written as its task does:"
          + " symbols a..r and | between strings for icll, token numbers with spaces otherwise."
    })
final class GenerateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "The folder of a saved model.")
  private Path folder;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      required = true,
      description = "For example 'abac|abab|a', or '0 1 1'.")
  private String prompt;

  @Option(names = "--tokens", defaultValue = "40", description = "Number of tokens to write.")
  private int tokens;

  @Option(
      names = "--temperature",
      defaultValue = "1",
      description = "Above 1 flattens, below 1 sharpens, 0 takes the likeliest.")
  private double temperature;

  @Option(names = "--top-k", description = "Draw from the K likeliest tokens.")
  private @Nullable Integer topK;

  @Option(names = "--top-p", description = "Draw from the likeliest tokens of total weight P.")
  private @Nullable Double topP;

  @Option(names = "--seed", defaultValue = "1", description = "Seed of the draws.")
  private long seed;

  @Override
  public Integer call() throws IOException {
    ModelFiles.Saved saved = ModelFiles.load(folder, DataType.FLOAT);
    Alphabet alphabet = ProbeOptions.alphabetOf(folder, saved.tokenModel());
    int[] ids = alphabet.tokens(prompt);
    checkArgument(ids.length > 0, "generate: prompt must have at least one symbol, got none");
    Sampling sampling =
        temperature == 0 ? Sampling.greedy(tokens) : Sampling.random(tokens, temperature, seed);
    sampling = topK == null ? sampling : sampling.withTopK(topK);
    sampling = topP == null ? sampling : sampling.withTopP(topP);
    int[] written = new Generator(saved.tokenModel(), saved.parameters()).generate(ids, sampling);
    spec.commandLine().getOut().println(alphabet.text(ids) + " > " + alphabet.text(written));
    return 0;
  }
}
