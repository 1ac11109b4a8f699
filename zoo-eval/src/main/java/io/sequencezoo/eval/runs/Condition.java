package io.sequencezoo.eval.runs;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a field of a run must be.
 *
 * @param key the field
 * @param operator one of {@code = != < <= > >=}
 * @param value compared with as a number where it is one, as text otherwise
 */
public record Condition(String key, String operator, String value) {
  private static final Pattern FORM = Pattern.compile("([\\w.]+)(!=|<=|>=|=|<|>)(.*)");

  /** Reads {@code KEY=VALUE}, or another operator in place of the equals sign. */
  public static Condition parse(String text) {
    Matcher matcher = FORM.matcher(text);
    checkArgument(
        matcher.matches(),
        "runs: where must be KEY=VALUE, or with != < <= > >=, got %s; for example model.width>=64",
        text);
    Condition condition = new Condition(matcher.group(1), matcher.group(2), matcher.group(3));
    checkArgument(
        condition.isOfNumbers() || condition.operator.matches("!?="),
        "runs: %s must compare with a number, got %s",
        condition.operator,
        text);
    return condition;
  }

  boolean isOfNumbers() {
    return !Double.isNaN(StoredRun.number(value, Double.NaN));
  }

  /** As a condition on rows of the index's fields, with two parameters: key and value. */
  String sql() {
    String column = isOfNumbers() ? "number" : "value";
    return operator.equals("!=")
        ? "folder NOT IN (SELECT folder FROM fields WHERE key = ? AND " + column + " = ?)"
        : "folder IN (SELECT folder FROM fields WHERE key = ? AND "
            + column
            + " "
            + operator
            + " ?)";
  }
}
