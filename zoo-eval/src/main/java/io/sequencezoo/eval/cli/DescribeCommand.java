package io.sequencezoo.eval.cli;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.eval.analysis.DepthReport;
import io.sequencezoo.eval.analysis.DepthResults;
import io.sequencezoo.eval.analysis.DynamicsReport;
import io.sequencezoo.eval.analysis.DynamicsResults;
import io.sequencezoo.eval.analysis.SpectrumReport;
import io.sequencezoo.eval.analysis.SpectrumResults;
import io.sequencezoo.eval.report.HtmlReport;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.models.model.StageConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code zoo describe NAME}: what a block is, where it comes from, what it costs and what it does.
 */
@Command(
    name = "describe",
    description = {
      "Describe an architecture: paper, configuration, parameters, state and cost.",
      "With --spectrum, what its transition does along an input: eigenvalues, memory length and"
          + " mixing matrix, as a table, spectrum.json and spectrum.html.",
      "With --dynamics, its Lyapunov exponents and, where it is nonlinear, its fixed points and how"
          + " Newton's method solves it: a table, dynamics.json and dynamics.html.",
      "With --depth, how many steps every token takes in a stage that repeats: a table, depth.json"
          + " and depth.html."
    })
final class DescribeCommand implements Callable<Integer> {
  private static final int COUNTED_WIDTH = 256;

  /** Few enough for every number to be seen. */
  private static final int PROBED_WIDTH = 32;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "A type name that 'zoo list' shows.")
  private String name;

  @Option(
      names = "--width",
      paramLabel = "D",
      description = "Width to count at (default: 256) or to look at (default: 32).")
  private @Nullable Integer width;

  @Option(
      names = "--config",
      paramLabel = "F",
      description = "A YAML or JSON file with the block's configuration.")
  private @Nullable Path file;

  @Option(names = "--spectrum", description = "Eigenvalues, memory length and mixing matrix.")
  private boolean spectrum;

  @Option(
      names = "--dynamics",
      description = "Lyapunov exponents, fixed points and their stability, Newton's convergence.")
  private boolean dynamics;

  @Option(names = "--depth", description = "Steps per token of a stage that repeats.")
  private boolean depth;

  @Mixin private ProbeOptions options;

  @Override
  public Integer call() throws IOException {
    Catalog.Entry entry = Registry.get().entry(name);
    BlockConfig config = config(entry);
    checkArgument(
        !depth || !(spectrum || dynamics),
        "describe: --depth is of stages, --spectrum and --dynamics are of mixers; ask for one");
    if (spectrum || dynamics) {
      probe(config);
      return 0;
    }
    if (depth) {
      depth(config);
      return 0;
    }
    checkArgument(
        !options.areGiven(),
        "describe: --length, --seed, --input, --text, --row, --head, --model, --layer and --out"
            + " belong to --spectrum, --dynamics and --depth");
    describe(entry, config);
    return 0;
  }

  private BlockConfig config(Catalog.Entry entry) throws IOException {
    if (file == null) {
      return Configs.standard(Registry.typeName(entry.config()));
    }
    BlockConfig config = Configs.read(file.toString(), Files.readString(file), BlockConfig.class);
    checkArgument(
        entry.config().isInstance(config),
        "%s: type must be %s, got %s",
        file,
        name,
        Registry.typeName(config.getClass()));
    return config;
  }

  private void probe(BlockConfig config) throws IOException {
    checkArgument(
        config instanceof MixerConfig,
        "describe: %s needs a sequence mixer, got %s; 'zoo list' shows which are",
        spectrum ? "--spectrum" : "--dynamics",
        name);
    checkModelOptions();
    ProbeOptions.Loaded loaded =
        options.load(name, (MixerConfig) config, width == null ? PROBED_WIDTH : width);
    if (spectrum) {
      SpectrumResults results =
          SpectrumResults.of(loaded.subject(), loaded.probe(), options.head());
      SpectrumReport report = new SpectrumReport(name, results);
      write("spectrum", report.table(), results, report.page());
    }
    if (dynamics) {
      DynamicsResults results =
          DynamicsResults.of(loaded.subject(), loaded.probe(), options.head());
      DynamicsReport report = new DynamicsReport(name, results);
      write("dynamics", report.text(), results, report.page());
    }
  }

  private void checkModelOptions() {
    checkArgument(
        !options.isOfModel() || (width == null && file == null),
        "describe: --model sets width and configuration; leave --width and --config out");
  }

  private void depth(BlockConfig config) throws IOException {
    checkArgument(
        config instanceof StageConfig,
        "describe: --depth needs a stage that repeats, such as universal_transformer, got %s",
        name);
    checkModelOptions();
    DepthResults results =
        options.depth(name, (StageConfig) config, width == null ? PROBED_WIDTH : width);
    DepthReport report = new DepthReport(name, results);
    write("depth", report.text(), results, report.page());
  }

  private void write(String kind, String text, Object results, Page page) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Path folder = options.folder(name);
    Path json = folder.resolve(kind + ".json");
    Path html = folder.resolve(kind + ".html");
    AtomicFiles.writeString(json, Configs.write(results) + "\n");
    HtmlReport.write(html, page);
    out.println(name + ": " + text.stripTrailing());
    out.println("results  " + json);
    out.println("page     " + html);
  }

  private void describe(Catalog.Entry entry, BlockConfig config) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(name + ": " + entry.summary());
    Paper paper = entry.block().getAnnotation(Paper.class);
    if (paper != null) {
      out.println("paper     " + paper.title() + " (" + paper.authors() + ")" + arxiv(paper));
    }
    Source source = entry.block().getAnnotation(Source.class);
    if (source != null) {
      out.println("follows   " + source.repo() + "@" + source.commit() + " " + source.path());
    }
    MixerConfig.Place place = MixerConfig.Place.alone(countedWidth());
    if (config instanceof MixerConfig mixer) {
      SequenceMixer built = mixer.build(place);
      // Refuses what is too large, before costs of it are counted.
      Declaration declaration = declarationOf(built);
      describeMixer(out, built.parametrisation());
      describeParameters(out, declaration);
    } else if (config instanceof FeedForwardConfig channel) {
      describeParameters(out, declarationOf(channel.build(place)));
    }
    out.println(file == null ? "default configuration" : "configuration");
    out.println(Configs.write(config).indent(2).stripTrailing());
  }

  private int countedWidth() {
    return width == null ? COUNTED_WIDTH : width;
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
    out.printf("parameters at width %d: %,d%n", countedWidth(), total);
    for (ParameterSpec parameter : declaration.specs()) {
      out.printf("  %-28s %s%n", parameter.name(), Arrays.toString(parameter.shape()));
    }
  }
}
