package io.sequencezoo.eval.text;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.data.TokenBatch;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.text.TextConfig;
import io.sequencezoo.datasets.text.TextData;
import io.sequencezoo.eval.experiment.Alphabet;
import io.sequencezoo.eval.experiment.Baselines;
import io.sequencezoo.eval.experiment.Column;
import io.sequencezoo.eval.experiment.ExampleRows;
import io.sequencezoo.eval.experiment.Report;
import io.sequencezoo.eval.experiment.Scores;
import io.sequencezoo.eval.experiment.TokenTask;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.models.model.TokenLogits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Language modelling on a file of the user.
 *
 * @param config what determines the data
 */
@JsonTypeName("text")
public record TextTask(@JsonValue TextConfig config) implements TokenTask {
  /** Rows that are asked for at a time. */
  private static final int ROWS = 16;

  /** Orders of the n-grams that are counted. */
  private static final int HIGHEST_ORDER = 5;

  /** Tokens that they are counted on, from the start. */
  private static final int COUNTED = 1 << 20;

  /** Reads what determines the data. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public TextTask {}

  private TextData data() {
    return TextData.of(config);
  }

  @Override
  public String name() {
    return "text";
  }

  @Override
  public String title() {
    return "Language modelling";
  }

  @Override
  public String subtitle() {
    return String.format(
        Locale.ROOT,
        "%s by %s: %,d training windows of %d, %,d test windows of %d",
        config.path(),
        config.unit() == TextConfig.Unit.BYTES ? "bytes" : "characters",
        examples(Split.TRAIN),
        config.length(),
        examples(Split.TEST),
        config.testLength());
  }

  /** Known for bytes without the file. */
  @Override
  public int vocabulary() {
    return config.unit() == TextConfig.Unit.BYTES ? TextAlphabet.BYTES : data().vocabulary();
  }

  @Override
  public Alphabet alphabet() {
    return new TextAlphabet(config.unit() == TextConfig.Unit.BYTES ? new int[0] : data().symbols());
  }

  @Override
  public int examples(Split split) {
    return data().examples(split);
  }

  @Override
  public int length(Split split, int index) {
    return data().window(split);
  }

  @Override
  public TokenBatch batch(Split split, List<Integer> indices) {
    TextData data = data();
    return ExampleRows.batch(indices.stream().map(index -> data.example(split, index)).toList());
  }

  @Override
  public String hash(Split split) {
    return data().hash();
  }

  @Override
  public Class<? extends Scores> scoresType() {
    return TextScores.class;
  }

  @Override
  public Scores score(
      String name, TokenLogits model, Parameters parameters, Split split, int count) {
    return scores(split, count, batch -> nats(model, parameters, batch));
  }

  private TextScores scores(Split split, int count, Function<TokenBatch, double[][]> nats) {
    List<TokenBatch> batches = new ArrayList<>();
    for (int from = 0; from < count; from += ROWS) {
      batches.add(
          batch(split, IntStream.range(from, Math.min(count, from + ROWS)).boxed().toList()));
    }
    return TextScores.of(config.length(), data().bytesPerToken(), batches, nats);
  }

  private static double[][] nats(TokenLogits model, Parameters parameters, TokenBatch batch) {
    int[][] targets = batch.targets().toIntMatrix();
    double[][] nats = new double[targets.length][targets[0].length];
    try (Tape tape = Tape.inference()) {
      var logits = model.logits(Context.inference(tape, parameters), batch.ids()).value();
      int vocabulary = (int) logits.size(2);
      double[] all = logits.ravel().toDoubleVector();
      for (int b = 0; b < nats.length; b++) {
        for (int t = 0; t < nats[b].length; t++) {
          int from = (b * nats[b].length + t) * vocabulary;
          nats[b][t] = nats(all, from, vocabulary, targets[b][t]);
        }
      }
    }
    return nats;
  }

  /** {@code log Σ exp(z) - z_target}. */
  private static double nats(double[] logits, int from, int count, int target) {
    double most = Arrays.stream(logits, from, from + count).max().orElseThrow();
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += Math.exp(logits[i] - most);
    }
    return most + Math.log(sum) - logits[from + target];
  }

  /** All tokens alike, and n-grams of orders 1 to 5, as far as they can be numbered. */
  @Override
  public Baselines baselines() {
    TextData data = data();
    int vocabulary = vocabulary();
    int order = HIGHEST_ORDER;
    while (!NgramModel.fits(vocabulary, order)) {
      order--;
    }
    int[] train = data.tokens(Split.TRAIN);
    NgramModel ngrams =
        new NgramModel(vocabulary, order, Arrays.copyOf(train, Math.min(COUNTED, train.length)));
    Map<String, Scores> scores = new LinkedHashMap<>();
    for (int n = 0; n <= order; n++) {
      int own = n;
      scores.put(
          n == 0 ? "uniform" : n + "-gram",
          scores(Split.TEST, examples(Split.TEST), batch -> nats(ngrams, own, batch)));
    }
    return new Baselines("baselines", scores, scores);
  }

  private static double[][] nats(NgramModel ngrams, int order, TokenBatch batch) {
    int[][] tokens = batch.ids().toIntMatrix();
    int[][] targets = batch.targets().toIntMatrix();
    double[][] nats = new double[targets.length][targets[0].length];
    for (int b = 0; b < nats.length; b++) {
      for (int t = 0; t < nats[b].length; t++) {
        nats[b][t] = -Math.log(ngrams.probability(order, tokens[b], t + 1, targets[b][t]));
      }
    }
    return nats;
  }

  @Override
  public List<Column> columns() {
    List<Column> columns =
        new ArrayList<>(
            List.of(
                Column.estimate("nats", "nats"),
                Column.number("bits/byte", "bitsPerByte"),
                Column.number("perplexity", "perplexity")));
    if (config.testLength() > config.length()) {
      columns.add(Column.number("nats beyond", "natsBeyond"));
    }
    columns.addAll(List.of(Column.parameters(), Column.updates(), Column.trainSeconds()));
    return columns;
  }

  @Override
  public List<Page.Section> sections(Report report) {
    return List.of(
        new Page.Section(
            "Results on the last part of the file",
            "Nats are means of -log p over tokens, perplexity is their exponential: over the first "
                + config.length()
                + " tokens of windows, as long as those in training, and over what lies beyond."
                + " n-grams are smoothed by interpolated Kneser-Ney.",
            List.of(report.table())),
        new Page.Section(
            "By position",
            "In windows of the last part; trained on windows of " + config.length() + ".",
            List.of(report.positions("Nats", "position", "nats", "nats", report.baselines()))),
        new Page.Section(
            "During training",
            "On the part of the file that is for validation.",
            List.of(report.learning("Loss", "nats per token", "loss", List.of()))));
  }
}
