package io.sequencezoo.eval.mad;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.datasets.mad.MadConfig;
import io.sequencezoo.datasets.mad.MadData;
import io.sequencezoo.eval.experiment.Baselines;
import io.sequencezoo.eval.experiment.Column;
import io.sequencezoo.eval.experiment.GeneratedTask;
import io.sequencezoo.eval.experiment.Scores;
import io.sequencezoo.eval.experiment.SizeScores;
import io.sequencezoo.models.model.TokenLogits;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A task of mechanistic architecture design: one of {@link io.sequencezoo.datasets.mad.MadTask};
 * sizes are lengths.
 *
 * @param config what determines the data
 */
@JsonTypeName("mad")
public record MechanisticTask(@JsonValue MadConfig config) implements GeneratedTask {
  /** Reads what determines the data. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public MechanisticTask {}

  @Override
  public MadData data() {
    return new MadData(config);
  }

  @Override
  public String name() {
    return "mad_" + config.task().label();
  }

  @Override
  public String title() {
    return "Mechanistic architecture design: " + config.task().label().replace('_', ' ');
  }

  /** All examples of training have one length. */
  @Override
  public Integer standardWindow() {
    return null;
  }

  @Override
  public Class<? extends Scores> scoresType() {
    return MadScores.class;
  }

  @Override
  public Scores score(
      String name, TokenLogits model, Parameters parameters, Split split, int count) {
    return new MadScores(sizeScores(name, model, parameters, split, count), frequent());
  }

  private SizeScores sizeScores(
      String name, TokenLogits model, Parameters parameters, Split split, int count) {
    return (SizeScores) GeneratedTask.super.score(name, model, parameters, split, count);
  }

  /** The accuracy of the most frequent answer. */
  private double frequent() {
    SizeScores frequent = sizeScores("", counts(0), null, Split.TEST, examples(Split.TEST));
    return frequent.estimates().get("accuracy").value();
  }

  @Override
  public Baselines baselines() {
    double frequent = frequent();
    Map<String, Scores> scores = new LinkedHashMap<>();
    for (int n : LOOKED_AT) {
      SizeScores own = sizeScores("", counts(n), null, Split.TEST, examples(Split.TEST));
      scores.put(countName(n), new MadScores(own, frequent));
    }
    return new Baselines("baselines", scores, scores);
  }

  @Override
  public List<Column> columns() {
    List<Column> columns = new ArrayList<>(GeneratedTask.super.columns());
    columns.add(1, Column.percent("scaled", "scaled"));
    return columns;
  }
}
