package io.sequencezoo.eval.cli;

import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import java.io.PrintWriter;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zoo describe NAME}: what a block is, where it comes from, and what it costs. */
@Command(
    name = "describe",
    description = "Describe an architecture: paper, configuration, parameters, state and cost.")
final class DescribeCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "A type name that 'zoo list' shows.")
  private String name;

  @Option(
      names = "--width",
      paramLabel = "D",
      defaultValue = "256",
      description = "Width to count at (default: ${DEFAULT-VALUE}).")
  private int width;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    Catalog.Entry entry = Registry.get().entry(name);
    out.println(name + ": " + entry.summary());
    Paper paper = entry.block().getAnnotation(Paper.class);
    if (paper != null) {
      out.println("paper     " + paper.title() + " (" + paper.authors() + ")" + arxiv(paper));
    }
    Source source = entry.block().getAnnotation(Source.class);
    if (source != null) {
      out.println("follows   " + source.repo() + "@" + source.commit() + " " + source.path());
    }
    BlockConfig config = entry.examples().get(0);
    MixerConfig.Place place = MixerConfig.Place.alone(width);
    if (config instanceof MixerConfig mixer) {
      SequenceMixer built = mixer.build(place);
      describeMixer(out, built.parametrisation());
      describeParameters(out, declarationOf(built));
    } else if (config instanceof FeedForwardConfig channel) {
      describeParameters(out, declarationOf(channel.build(place)));
    }
    out.println("default configuration");
    out.println(Configs.write(config).indent(2).stripTrailing());
  }

  private static String arxiv(Paper paper) {
    String equations = paper.equations().isEmpty() ? "" : ", eq. " + paper.equations();
    return paper.arxiv().isEmpty() ? equations : ", arXiv " + paper.arxiv() + equations;
  }

  private static Declaration declarationOf(io.sequencezoo.core.block.Block block) {
    Declaration declaration = new Declaration();
    block.declare(declaration);
    return declaration;
  }

  private void describeMixer(PrintWriter out, Parametrisation block) {
    out.println(
        "family    " + block.recurrence().family() + ", solvers " + block.recurrence().solvers());
    for (int tokens : new int[] {1, 1024, 16384}) {
      out.printf(
          "state     %,d bytes per row after %,d tokens, %,d multiply-adds for the next token%n",
          block.stateBytes(tokens, DataType.FLOAT), tokens, block.multiplyAddsPerToken(tokens));
    }
  }

  private void describeParameters(PrintWriter out, Declaration declaration) {
    long total = declaration.specs().stream().mapToLong(ParameterSpec::length).sum();
    out.printf("parameters at width %d: %,d%n", width, total);
    for (ParameterSpec parameter : declaration.specs()) {
      out.printf("  %-28s %s%n", parameter.name(), Arrays.toString(parameter.shape()));
    }
  }
}
