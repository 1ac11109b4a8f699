package io.sequencezoo.eval.report;

import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.models.model.StageConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/** The table of architectures, generated from the registry. */
public final class ArchitectureTable {
  private static final int WIDTH = 256;
  private static final List<String> HEADER =
      List.of("type", "what it is", "family", "state at T=1024", "paper (arXiv)");

  private final List<List<String>> rows;

  private ArchitectureTable(List<List<String>> rows) {
    this.rows = rows;
  }

  /** Every registered block, mixers first. */
  public static ArchitectureTable ofRegistry() {
    List<List<String>> mixers = new ArrayList<>();
    List<List<String>> others = new ArrayList<>();
    for (Map.Entry<String, Catalog.Entry> entry : Registry.get().entries().entrySet()) {
      BlockConfig config = Configs.standard(entry.getKey());
      String summary = entry.getValue().summary();
      String paper = paper(entry.getValue());
      if (config instanceof MixerConfig mixer) {
        Parametrisation block = mixer.build(MixerConfig.Place.alone(WIDTH)).parametrisation();
        mixers.add(
            List.of(
                entry.getKey(),
                summary,
                block.recurrence().family().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                size(block.stateBytes(1024, DataType.FLOAT)),
                paper));
      } else {
        boolean positionWise = config instanceof FeedForwardConfig;
        String whole = config instanceof StageConfig ? "stage" : "model";
        String family = positionWise ? "position-wise" : whole;
        String state = positionWise ? "none" : state(entry.getValue().examples().get(0));
        others.add(List.of(entry.getKey(), summary, family, state, paper));
      }
    }
    mixers.addAll(others);
    return new ArchitectureTable(mixers);
  }

  /** What a stage or model remembers: mostly what its mixers do. */
  private static String state(BlockConfig config) {
    if (config instanceof StageConfig stage && stage.mixers().isEmpty()) {
      return size(stage.build(MixerConfig.Place.alone(WIDTH)).stateBytes(1024, DataType.FLOAT));
    }
    return "its mixers'";
  }

  private static String paper(Catalog.Entry entry) {
    Paper paper = entry.block().getAnnotation(Paper.class);
    if (paper == null) {
      return "";
    }
    String cited = Bibliography.shortly(paper);
    return paper.arxiv().isEmpty() ? cited : cited + ", " + paper.arxiv();
  }

  private static String size(long bytes) {
    return bytes < 10_000 ? bytes + " B" : String.format(Locale.ROOT, "%.0f KiB", bytes / 1024.0);
  }

  /** As a Markdown table; state is that of one row in float at width 256 after 1024 tokens. */
  public String toMarkdown() {
    StringBuilder text = new StringBuilder();
    text.append("| ").append(String.join(" | ", HEADER)).append(" |\n");
    text.append("|").append("---|".repeat(HEADER.size())).append('\n');
    for (List<String> row : rows) {
      List<String> cells = new ArrayList<>(row);
      cells.set(0, "`" + row.get(0) + "`");
      text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
    return text.toString();
  }

  /** As aligned columns for a terminal. */
  public String toText() {
    return TextTable.of(HEADER, rows).toString();
  }
}
