package io.sequencezoo.core.kernel.generate;

import java.util.List;
import java.util.Locale;

/** Prints {@code VectorUnaryLoops}: for every unary function its loop and that of its pullback. */
final class UnaryText {
  private static final String HEAD =
      """
      import static io.sequencezoo.core.kernel.Lanes.COUNT;
      import static io.sequencezoo.core.kernel.Lanes.all;
      import static io.sequencezoo.core.kernel.Lanes.load;

      import jdk.incubator.vector.FloatVector;
      import jdk.incubator.vector.VectorOperators;

      /** The loops of {@link VectorUnary} over whole vectors, named as the functions. */
      final class VectorUnaryLoops {

        private VectorUnaryLoops() {}
      """;

  /** By function: f(v), the arrays that its pullback reads, u being of the last, and that of g. */
  private static final List<String[]> FUNCTIONS =
      List.of(
          row("negate", "v.neg()", "", "g.neg()"),
          row("exp", "VectorMath.exp(v)", "y", "g.mul(u)"),
          row("log", "VectorMath.log(v)", "x", "g.div(u)"),
          row("square", "v.mul(v)", "x", "g.mul(u.add(u))"),
          row("sqrt", "v.sqrt()", "y", "g.mul(0.5f).div(u)"),
          row("reciprocal", "all(1f).div(v)", "y", "g.mul(u).mul(u).neg()"),
          row("tanh", "VectorMath.tanh(v)", "y", "g.mul(all(1f).sub(u.mul(u)))"),
          row("sigmoid", "VectorMath.sigmoid(v)", "y", "g.mul(u).mul(all(1f).sub(u))"),
          row("silu", "VectorMath.silu(v)", "x", "g.mul(VectorMath.siluSlope(u))"),
          row("geluTanh", "VectorMath.geluTanh(v)", "x", "g.mul(VectorMath.geluTanhSlope(u))"),
          row("gelu", "VectorMath.gelu(v)", "x", "g.mul(VectorMath.geluSlope(u))"),
          row(
              "relu",
              "v.max(0f)",
              "x",
              "g.mul(u.blend(1f, "
                  + positive("u")
                  + ").blend(0f, u.compare(VectorOperators.LE, 0f)))"),
          row("reluSquared", "v = v.max(0f); v.mul(v)", "x", "g.mul(u.max(0f)).mul(2f)"),
          row("softplus", "VectorMath.softplus(v)", "x", "g.mul(VectorMath.sigmoid(u))"),
          row(
              "logSigmoid",
              "VectorMath.softplus(v.neg()).neg()",
              "x",
              "g.mul(VectorMath.sigmoid(u.neg()))"),
          row(
              "eluPlusOne",
              "VectorMath.exp(v).blend(v.add(1f), " + positive("v") + ")",
              "x y",
              "g.mul(u.blend(1f, " + positive("load(x, xo + i)") + "))"));

  private UnaryText() {}

  static String print() {
    StringBuilder values = new StringBuilder();
    StringBuilder choice = new StringBuilder("switch (f) {\n");
    StringBuilder pullbacks = new StringBuilder();
    for (String[] function : FUNCTIONS) {
      String name = function[0];
      String[] read = function[2].isEmpty() ? new String[0] : function[2].split(" ");
      StringBuilder arguments = new StringBuilder();
      StringBuilder passed = new StringBuilder();
      for (String array : read) {
        arguments.append("float[] %1$s, int %1$so, ".formatted(array));
        passed.append("%1$s, %1$so, ".formatted(array));
      }
      values.append(loop(name, "float[] x, int xo, ", "v = load(x, xo + i)", "y", function[1]));
      String load = "g = load(gy, gyo + i)";
      if (read.length > 0) {
        load = "u = load(%1$s, %1$so + i), ".formatted(read[read.length - 1]) + load;
      }
      arguments.append("float[] gy, int gyo, ");
      String pullback = name + "Pullback";
      pullbacks.append(loop(pullback, arguments.toString(), load, "gx", function[3]));
      String label = name.replaceAll("([A-Z])", "_$1").toUpperCase(Locale.ROOT);
      String call = "  case %s -> %s(%sgy, gyo, gx, gxo, n);\n";
      choice.append(call.formatted(label, pullback, passed));
    }
    String all = "float[] x, int xo, float[] y, int yo, float[] gy, int gyo, ";
    return HEAD
        + values
        + method("pullback", "Unary f, " + all, "gx", choice + "}\n")
        + pullbacks
        + "}\n";
  }

  private static String loop(
      String name, String arguments, String loads, String to, String expression) {
    StringBuilder body = new StringBuilder("for (int i = 0; i < n; i += COUNT) {\n");
    for (String load : loads.split(", (?=\\w+ =)", -1)) {
      body.append("  FloatVector ").append(load).append(";\n");
    }
    String[] statements = expression.split("; ", -1);
    for (int i = 0; i < statements.length - 1; i++) {
      body.append("  ").append(statements[i]).append(";\n");
    }
    String value = statements[statements.length - 1];
    body.append("  %1$s.intoArray(%2$s, %2$so + i);\n}\n".formatted(value, to));
    return method(name, arguments, to, body.toString());
  }

  private static String method(String name, String arguments, String to, String body) {
    String head = "static void %1$s(%2$sfloat[] %3$s, int %3$so, int n) {\n";
    return "\n" + (head.formatted(name, arguments, to) + body.indent(2) + "}\n").indent(2);
  }

  private static String[] row(String... entries) {
    return entries;
  }

  private static String positive(String v) {
    return v + ".compare(VectorOperators.GT, 0f)";
  }
}
