package io.sequencezoo.eval.icll;

import io.sequencezoo.eval.experiment.Report;
import io.sequencezoo.eval.experiment.Results;
import io.sequencezoo.eval.report.Page;
import java.util.ArrayList;
import java.util.List;

/** The sections of the page of in-context language learning. */
final class IcllPage {
  private IcllPage() {}

  static List<Page.Section> sections(Report report) {
    List<String> nGrams =
        report.baselines().stream().filter(name -> name.matches("[1-4]-gram")).toList();
    String position = "position in the prompt";
    return List.of(
        new Page.Section(
            "Results on unseen automata",
            "Accuracy: how often the likeliest next symbol is one that the automaton allows. TVD:"
                + " total variation distance to the true distribution. ± is one standard error over"
                + " automata.",
            List.of(report.table())),
        new Page.Section(
            "Against training examples seen",
            "On validation problems during training; dashed lines need no training and are on the"
                + " test problems.",
            List.of(
                report.learning("Accuracy", "accuracy", "accuracy", nGrams),
                report.learning("TVD", "TVD", "tvd", nGrams))),
        new Page.Section(
            "Against position in the prompt",
            "On test problems: what a predictor gains from what it has read.",
            List.of(
                report.positions("Accuracy", position, "accuracy", "accuracy", nGrams),
                report.positions("TVD", position, "TVD", "tvd", nGrams))),
        new Page.Section("Training", "", List.of(report.losses("nll"), report.throughput())),
        new Page.Section(
            "Mixing matrices",
            "How strongly a position takes from each position before it, along the beginning of a"
                + " test prompt: attention weights, or the map of the linearised recurrence (its"
                + " norm over channels).",
            List.copyOf(mixing(report.results()))),
        new Page.Section(
            "A prompt continued",
            "The likeliest symbol, fed back, and so on, up to the first (red) that the automaton"
                + " doesn't allow; hold the pointer over a symbol to see what was allowed.",
            List.of(prompts(report.results()))));
  }

  private static List<Page.Item> mixing(Results results) {
    List<Page.Item> items = new ArrayList<>();
    for (Results.Run run : results.runs()) {
      for (Pictures.MixingPicture mixing :
          run.detail(Pictures.MIXING, Pictures.MixingPicture[].class)) {
        items.add(
            new Page.Heatmap(
                results.label(run) + ", layer " + mixing.layer() + ", head " + mixing.head(),
                "",
                mixing.tokens(),
                mixing.matrix()));
      }
    }
    return items;
  }

  private static Page.Prompts prompts(Results results) {
    List<Page.Continuation> continuations = new ArrayList<>();
    for (Results.Run run : results.runs()) {
      continuations.add(new Page.Continuation(results.label(run), sample(run).continuation()));
    }
    return new Page.Prompts(sample(results.runs().get(0)).prompt(), continuations);
  }

  private static Pictures.Sample sample(Results.Run run) {
    return run.detail(Pictures.SAMPLE, Pictures.Sample.class);
  }
}
