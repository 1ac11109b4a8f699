package io.sequencezoo.eval.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a report shows, apart from how it looks.
 *
 * @param title heading and title of the page
 * @param subtitle one line below it
 * @param sections in order
 */
public record Page(String title, String subtitle, List<Section> sections) {

  /** A heading with items below it. */
  public record Section(String title, @Nullable String note, List<Item> items) {}

  /** Something drawn. */
  public interface Item {
    /** The name of what draws it. */
    @JsonProperty
    String kind();
  }

  /** A table; columns of numbers alone are aligned as such. */
  public record Table(List<String> header, List<List<String>> rows) implements Item {
    @Override
    public String kind() {
      return "table";
    }
  }

  /**
   * A line chart.
   *
   * @param logY whether values are positive and drawn by their logarithms
   */
  public record Lines(
      String title, String note, String x, String y, boolean logY, List<Line> series)
      implements Item {
    @Override
    public String kind() {
      return "lines";
    }
  }

  /**
   * A line.
   *
   * @param color index into the palette, the same for the same thing in every chart
   * @param dashed for what isn't trained: baselines and bounds
   * @param points x and y; or x, y, and the lower and the upper edge of a band around the line
   */
  public record Line(String name, int color, boolean dashed, List<double[]> points) {
    /**
     * The mean over several runs of pairs of x and y, in a band from the lowest to the highest; a
     * run alone is a line alone. Where a run has no value, the mean is over the others.
     */
    public static Line over(String name, int color, boolean dashed, List<List<double[]>> runs) {
      if (runs.size() == 1) {
        return new Line(name, color, dashed, runs.get(0));
      }
      TreeMap<Double, DoubleSummaryStatistics> values = new TreeMap<>();
      for (List<double[]> run : runs) {
        for (double[] point : run) {
          values.computeIfAbsent(point[0], x -> new DoubleSummaryStatistics()).accept(point[1]);
        }
      }
      List<double[]> points = new ArrayList<>();
      values.forEach(
          (x, y) -> points.add(new double[] {x, y.getAverage(), y.getMin(), y.getMax()}));
      return new Line(name, color, dashed, points);
    }
  }

  /** Horizontal bars. */
  public record Bars(String title, String note, String x, List<String> names, double[] values)
      implements Item {
    @Override
    public String kind() {
      return "bars";
    }
  }

  /**
   * Differences from zero with their intervals, one below the other.
   *
   * @param x what they are differences of
   */
  public record Forest(
      String title,
      String note,
      String x,
      List<String> names,
      double[] values,
      double[] low,
      double[] high)
      implements Item {
    @Override
    public String kind() {
      return "forest";
    }
  }

  /** Named points. */
  public record Scatter(String title, String note, String x, String y, List<Mark> marks)
      implements Item {
    @Override
    public String kind() {
      return "scatter";
    }
  }

  /**
   * A named point.
   *
   * @param color index into the palette
   * @param full whether it is drawn full
   */
  public record Mark(String name, int color, boolean full, double x, double y) {}

  /** The lower triangle of a mixing matrix, drawn by logarithms where nothing is negative. */
  public record Heatmap(String title, String note, List<String> labels, double[][] matrix)
      implements Item {
    @Override
    public String kind() {
      return "heatmap";
    }
  }

  /**
   * A matrix of any shape.
   *
   * @param x what columns are
   * @param y what rows are
   * @param value what entries are
   * @param labels of the columns
   * @param rowStep what a row counts for, where only some are shown
   * @param low what the palest colour stands for
   * @param high what the strongest colour stands for
   */
  public record Matrix(
      String title,
      String note,
      String x,
      String y,
      String value,
      List<String> labels,
      int rowStep,
      double[][] matrix,
      double low,
      double high)
      implements Item {
    @Override
    public String kind() {
      return "matrix";
    }
  }

  /**
   * Points of the complex plane with the unit circle.
   *
   * @param value what the third number of a point, its colour, is
   * @param points real part, imaginary part, value
   */
  public record Plane(String title, String note, String value, List<double[]> points)
      implements Item {
    @Override
    public String kind() {
      return "plane";
    }
  }

  /** A prompt and what each model continues it with. */
  public record Prompts(String prompt, List<Continuation> continuations) implements Item {
    @Override
    public String kind() {
      return "prompts";
    }
  }

  /** One model's continuation. */
  public record Continuation(String name, List<Symbol> symbols) {}

  /** One symbol, whether it was legal, and what was. */
  public record Symbol(String symbol, boolean legal, String allowed) {}

  /** Text behind a fold. */
  public record Text(String title, String text) implements Item {
    @Override
    public String kind() {
      return "text";
    }
  }
}
