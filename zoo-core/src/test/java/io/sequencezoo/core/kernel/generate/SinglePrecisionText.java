package io.sequencezoo.core.kernel.generate;

/** Prints the single precision of a class from its double precision, which is the specification. */
final class SinglePrecisionText {
  private static final String ELEMENT = "\\w+\\[[^]]+]";
  private static final String STORE = "(?:float \\w+|" + ELEMENT + ")";

  /** What is not in single precision throughout. */
  private static final String DOUBLE =
      "(?!Float|\\d|(?:[-+*/ ]|"
          + ELEMENT
          + "|\\b(?:re|im|e|scale|shift)\\b)+;|[^;\n]*Math\\.exp)([^;\n]*)";

  private SinglePrecisionText() {}

  /** Everything in single precision. */
  static String all(String doubles) {
    return names(doubles)
        .replaceAll("\\bdouble\\b", "float")
        .replace("= Math.exp(", "= (float) Math.exp(");
  }

  /**
   * Arrays and what is read from them in single precision; sums and functions stay in double and
   * are rounded once, where they are stored.
   */
  static String arrays(String doubles) {
    return names(
            doubles.replace(
                "/** The readable specification of {@link Kernels}, in double precision. */",
                """
                /**
                 * {@link Kernels} in single precision without the Vector API: loops simple enough for
                 * HotSpot to vectorise. Reductions and transcendental functions are evaluated in double
                 * precision and rounded once.
                 */\
                """))
        .replace("double[]", "float[]")
        .replace("double @Nullable []", "float @Nullable []")
        .replace("Math.exp(", "(float) Math.exp(")
        .replaceAll("\\bdouble (max|e|scale|shift|re|im) =", "float $1 =")
        .replaceAll("sum \\+= (" + ELEMENT + " \\* " + ELEMENT + ");", "sum += (double) $1;")
        .replaceAll("(?m)^( +" + STORE + " [+-]?= )" + DOUBLE + ";$", "$1(float) ($2);")
        .replaceAll("\\(float\\) \\((\\w+)\\)", "(float) $1")
        .replaceAll("\\(float\\) \\((ScalarMath\\.value\\([^()]*\\))\\)", "(float) $1");
  }

  private static String names(String doubles) {
    return doubles
        .replace("64", "32")
        .replace("Double precision", "Single precision")
        .replace("Double", "Float")
        .replace("DOUBLE", "FLOAT")
        .replace("doubles()", "floats()")
        .replace("double precision", "single precision");
  }
}
