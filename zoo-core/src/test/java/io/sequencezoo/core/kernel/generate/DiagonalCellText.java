package io.sequencezoo.core.kernel.generate;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Prints {@code VectorDiagonalCells}: gated cells with diagonal recurrent weights, over whole
 * sequences and one step from any state, each with its pullback. The gates stand here once.
 *
 * <p>In these texts {@code array[r]} reads row or plane r of an array, {@code value -> array[r];}
 * writes it, and {@code weight := a[r];} names a weight that a kernel either holds in a register or
 * loads wherever the name stands. {@code sigmoid e = pre;} leaves {@code e^pre}, with which {@code
 * σ = e / (1 + e)}; {@code tanh d = pre;} leaves {@code d = e^(2 pre) - 1}, with which {@code tanh
 * = d / (d + 2)}.
 */
final class DiagonalCellText {
  private static final String HEAD =
      """
      import static io.sequencezoo.core.kernel.Lanes.BITS;
      import static io.sequencezoo.core.kernel.Lanes.COUNT;
      import static io.sequencezoo.core.kernel.Lanes.SPECIES;

      import jdk.incubator.vector.FloatVector;
      import jdk.incubator.vector.IntVector;
      import jdk.incubator.vector.VectorOperators;

      /**
       * {@link ScalarDiagonalCells} on whole vectors of channels: everything that a number needs in
       * one pass, since a pass for every operation costs several times the arithmetic in loads,
       * stores and calls. Rows of a step stay in a level-1 cache, and neighbouring channels hide the
       * latency of each other's gates.
       *
       * <p>A loop is more than HotSpot inlines helpers into (see {@link VectorMath}), hence no
       * helpers: {@code e^x} is written out wherever it occurs. Its argument is cut to where its
       * power of two is a normal float and products of two denominators are finite; there every gate
       * is at its limit to the last bit, or below the smallest normal float. A sigmoid and a tangent
       * share a division.
       *
       * <p>{@code FloatVector.max} and {@code min}, which mind NaN and the sign of zero, take six
       * instructions each where minima of integers take one. Hence the cut is two minima of
       * integers, which is what bits of floats are ordered like: the first with the sign bit
       * flipped, so that the size of negative floats is bounded and positive ones are negative
       * integers; the second with it flipped back, for positive floats. Both have {@link #WRAP}
       * added, after which infinity is the largest integer and NaN wraps round to below the bound,
       * and so stays NaN.
       */
      final class VectorDiagonalCells {
        private static final float LOG2_E = 1.442695f;

        /** Off by 2e-9, so that e^x is off by 3e-7 at most, where it is smallest. */
        private static final float LN2 = 0.6931472f;

        /** {@code 1.5 2^23}: adding it rounds to the nearest integer and leaves it in the low bits. */
        private static final float ROUNDER = 12582912f;

        /** The fit of {@link VectorMath} to e^x between -ln 2 / 2 and ln 2 / 2. */
        private static final float C5 = 0.0013882521f;

        private static final float C4 = 0.0083665205f;
        private static final float C3 = 0.0416672f;
        private static final float C2 = 0.16666543f;
        private static final float C1 = 0.49999997f;

        /** From the bits of infinity to the largest integer. */
        private static final int WRAP = 0x7FFFFF;

        /** Adds {@link #WRAP} and flips the sign bit. */
        private static final int FLIP = Integer.MIN_VALUE + WRAP;

        /** The arguments of a sigmoid are cut to -86 and 44, those of a tangent to ±10. */
        private static final int LOW_BITS = Float.floatToRawIntBits(86f) + WRAP;

        private static final int HIGH_BITS = Float.floatToRawIntBits(44f) + WRAP;
        private static final int TANH_CUT_BITS = Float.floatToRawIntBits(10f) + WRAP;
        private static final int MANTISSA_BITS = 23;
        private static final int ONE_BITS = 0x3F800000;

        private VectorDiagonalCells() {}
      """;

  private static final String CONSTANTS =
      """
      FloatVector log2e = FloatVector.broadcast(SPECIES, LOG2_E);
      FloatVector rounder = FloatVector.broadcast(SPECIES, ROUNDER);
      FloatVector ln2 = FloatVector.broadcast(SPECIES, -LN2);
      FloatVector c5 = FloatVector.broadcast(SPECIES, C5);
      FloatVector c4 = FloatVector.broadcast(SPECIES, C4);
      FloatVector c3 = FloatVector.broadcast(SPECIES, C3);
      FloatVector c2 = FloatVector.broadcast(SPECIES, C2);
      FloatVector half = FloatVector.broadcast(SPECIES, C1);
      FloatVector one = FloatVector.broadcast(SPECIES, 1f);
      FloatVector two = FloatVector.broadcast(SPECIES, 2f);
      IntVector flip = IntVector.broadcast(BITS, FLIP);
      IntVector unflip = IntVector.broadcast(BITS, Integer.MIN_VALUE);
      IntVector wrap = IntVector.broadcast(BITS, WRAP);
      IntVector low = IntVector.broadcast(BITS, LOW_BITS);
      IntVector high = IntVector.broadcast(BITS, HIGH_BITS);
      IntVector tanhCut = IntVector.broadcast(BITS, TANH_CUT_BITS);
      """;

  private static final String SCRATCH =
      """
      FloatVector x;
      FloatVector t;
      FloatVector p;
      FloatVector s;
      """;

  private static final String CUT =
      "x = $2.reinterpretAsInts().add(flip).min(%s).add(unflip).min(%s).sub(wrap)"
          + ".reinterpretAsFloats();\n";

  private static final String SIGMOID =
      CUT.formatted("low", "high")
          + """
          t = x.fma(log2e, rounder);
          x = t.sub(rounder).fma(ln2, x);
          p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x, one).fma(x, one);
          FloatVector $1 =
              p.reinterpretAsInts()
                  .add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS))
                  .reinterpretAsFloats();
          """;

  private static final String TANH =
      CUT.formatted("tanhCut", "tanhCut")
          + """
          x = x.add(x);
          t = x.fma(log2e, rounder);
          x = t.sub(rounder).fma(ln2, x);
          p = c5.fma(x, c4).fma(x, c3).fma(x, c2).fma(x, half).fma(x.mul(x), x);
          s =
              t.reinterpretAsInts()
                  .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                  .add(ONE_BITS)
                  .reinterpretAsFloats();
          FloatVector $1 = p.fma(s, s.sub(one));
          """;

  private static final String GRU =
      """
      FloatVector state = h[0];
      weightR := a[1];
      FloatVector pre = state.fma(weightR, drive[1]);
      sigmoid er = pre;
      FloatVector reset = er.div(er.add(one));
      FloatVector kept = state.mul(reset);
      weightZ := a[0];
      pre = state.fma(weightZ, drive[0]);
      sigmoid ez = pre;
      weightC := a[2];
      pre = kept.fma(weightC, drive[2]);
      tanh dc = pre;
      // One division for z = e / (1 + e) and c = d / (d + 2).
      FloatVector ez1 = ez.add(one);
      FloatVector dc2 = dc.add(two);
      FloatVector inverse = one.div(ez1.mul(dc2));
      FloatVector rest = dc2.mul(inverse); // 1 - z
      FloatVector update = ez.mul(rest);
      """;

  private static final String GRU_NEXT =
      GRU
          + """
          FloatVector gap = dc.mul(ez1).fma(inverse, state.neg()); // c - h
          gap.fma(update, state) -> h[1];
          """;

  private static final String GRU_SCAN_PULLBACK =
      GRU
          + """
          FloatVector gap = dc.mul(ez1).fma(inverse, state.neg()); // c - h
          FloatVector candidate = gap.add(state);
          FloatVector g = gh[0].add(gy[0]);
          FloatVector kc = g.mul(update).mul(candidate.mul(candidate.neg()).add(one));
          FloatVector back = kc.mul(weightC);
          FloatVector kr = back.mul(kept).mul(one.sub(reset));
          FloatVector kz = g.mul(gap).mul(update).mul(rest);
          FloatVector carry = back.fma(reset, g.mul(rest));
          carry = kz.fma(weightZ, carry);
          carry.add(kr.mul(weightR)) -> gh[0];
          """;

  private static final String GRU_GRADIENTS =
      """
      kz -> gx[0];
      kr -> gx[1];
      kc -> gx[2];
      kz.fma(state, ga[0]) -> ga[0];
      kr.fma(state, ga[1]) -> ga[1];
      kc.fma(kept, ga[2]) -> ga[2];
      """;

  private static final String GRU_ANYWHERE =
      GRU
          + """
          FloatVector candidate = dc.mul(ez1).mul(inverse);
          FloatVector gap = candidate.sub(state);
          """;

  private static final String GRU_LINEARISE =
      GRU_ANYWHERE
          + """
          gap.fma(update, state) -> to[0];
          FloatVector moved = kept.mul(one.sub(reset)).fma(weightR, reset).mul(weightC);
          FloatVector inner = update.mul(candidate.neg().fma(candidate, one)).mul(moved);
          FloatVector outer = gap.mul(update).fma(weightZ, one);
          outer.fma(rest, inner) -> j[0];
          """;

  private static final String GRU_PULLBACK =
      GRU_ANYWHERE
          + """
          FloatVector gNext = g[0];
          FloatVector kc = gNext.mul(update).mul(candidate.neg().fma(candidate, one));
          FloatVector kr = kc.mul(weightC).mul(kept).mul(one.sub(reset));
          FloatVector kz = gNext.mul(gap).mul(update).mul(rest);
          """;

  private static final String STATE = "FloatVector state = h[0];\nFloatVector cell = c[0];\n";
  private static final String STATE_PLANES =
      "FloatVector state = h[0];\nFloatVector cell = h[1];\n";

  private static final String LSTM_CELL =
      """
      weightF := a[0];
      peepholeF := a[3];
      FloatVector pre = state.fma(weightF, drive[0]);
      pre = cell.fma(peepholeF, pre);
      sigmoid ef = pre;
      weightZ := a[2];
      pre = state.fma(weightZ, drive[2]);
      tanh dz = pre;
      // One division for f = e / (1 + e) and z = d / (d + 2).
      FloatVector ef1 = ef.add(one);
      FloatVector dz2 = dz.add(two);
      FloatVector inverse = one.div(ef1.mul(dz2));
      FloatVector rest = dz2.mul(inverse); // 1 - f
      FloatVector forget = ef.mul(rest);
      FloatVector input = dz.mul(ef1).mul(inverse);
      FloatVector gap = cell.sub(input);
      """;

  private static final String LSTM_OUTPUT =
      """
      weightO := a[1];
      peepholeO := a[4];
      pre = state.fma(weightO, drive[1]);
      pre = next.fma(peepholeO, pre);
      sigmoid eo = pre;
      tanh dt = next;
      FloatVector eo1 = eo.add(one);
      FloatVector dt2 = dt.add(two);
      inverse = one.div(eo1.mul(dt2));
      """;

  private static final String LSTM_OPEN =
      LSTM_OUTPUT
          + """
          FloatVector shut = dt2.mul(inverse); // 1 - o
          FloatVector output = eo.mul(shut);
          FloatVector tanh = dt.mul(eo1).mul(inverse);
          """;

  private static final String NEXT = "FloatVector next = forget.fma(gap, input);\n";

  private static final String LSTM_NEXT =
      STATE
          + LSTM_CELL
          + NEXT
          + "next -> c[1];\n"
          + LSTM_OUTPUT
          + "eo.mul(dt).mul(inverse) -> h[1];\n";

  private static final String LSTM_SCAN_PULLBACK =
      STATE
          + LSTM_CELL
          + "FloatVector next = c[1];\n"
          + LSTM_OPEN
          + """
          FloatVector g = gh[0].add(gy[0]);
          FloatVector ko = g.mul(tanh).mul(output).mul(shut);
          FloatVector gNext = g.mul(output).fma(tanh.neg().fma(tanh, one), gc[0]);
          gNext = ko.fma(peepholeO, gNext);
          FloatVector kf = gNext.mul(gap).mul(forget).mul(rest);
          FloatVector kz = gNext.mul(rest).mul(input.neg().fma(input, one));
          kf.fma(peepholeF, gNext.mul(forget)) -> gc[0];
          FloatVector carry = kf.mul(weightF);
          carry = ko.fma(weightO, carry);
          kz.fma(weightZ, carry) -> gh[0];
          """;

  private static final String LSTM_GRADIENTS =
      """
      kf -> gx[0];
      ko -> gx[1];
      kz -> gx[2];
      kf.fma(state, ga[0]) -> ga[0];
      ko.fma(state, ga[1]) -> ga[1];
      kz.fma(state, ga[2]) -> ga[2];
      kf.fma(cell, ga[3]) -> ga[3];
      ko.fma(next, ga[4]) -> ga[4];
      """;

  private static final String LSTM_LINEARISE =
      STATE_PLANES
          + LSTM_CELL
          + NEXT
          + "next -> to[1];\n"
          + LSTM_OPEN
          + """
          output.mul(tanh) -> to[0];
          FloatVector turn = gap.mul(forget).mul(rest);
          FloatVector cc = turn.fma(peepholeF, forget);
          FloatVector ch = rest.mul(input.neg().fma(input, one)).mul(weightZ);
          ch = turn.fma(weightF, ch);
          FloatVector shown = tanh.mul(output).mul(shut);
          FloatVector q = shown.fma(peepholeO, output.mul(tanh.neg().fma(tanh, one)));
          q.fma(ch, shown.mul(weightO)) -> j[0];
          q.mul(cc) -> j[1];
          ch -> j[2];
          cc -> j[3];
          """;

  private static final String LSTM_PULLBACK =
      STATE_PLANES
          + LSTM_CELL
          + NEXT
          + LSTM_OPEN
          + """
          FloatVector gHidden = g[0];
          FloatVector ko = gHidden.mul(tanh).mul(output).mul(shut);
          FloatVector gNext = gHidden.mul(output).fma(tanh.neg().fma(tanh, one), g[1]);
          gNext = ko.fma(peepholeO, gNext);
          FloatVector kf = gNext.mul(gap).mul(forget).mul(rest);
          FloatVector kz = gNext.mul(rest).mul(input.neg().fma(input, one));
          """;

  private static final String EACH_VECTOR = "for (int i = 0; i <= n - COUNT; i += COUNT) {\n";

  /** Row r of these arrays starts at {@code base + r stride}; from is the argument they are of. */
  private record Rows(String arrays, String base, String stride, String from) {
    String at(int r) {
      String row = r == 0 ? "" : r == 1 ? stride + " + " : r + " * " + stride + " + ";
      return (base.isEmpty() ? "" : base + " + ") + row + "i";
    }
  }

  private static final List<Rows> SEQUENCE =
      List.of(
          new Rows("a ga gh gc", "", "n", ""),
          new Rows("drive gx", "at", "n", ""),
          new Rows("h c gy", "now", "n", ""));

  private static final List<Rows> PLANES =
      List.of(
          new Rows("a ga", "", "as", ""),
          new Rows("h", "ho", "hs", "from"),
          new Rows("drive", "xo", "xs", "drives"),
          new Rows("to", "no", "ns", "after"),
          new Rows("j", "jo", "js", "slopes"),
          new Rows("g", "go", "gs", "gradients"),
          new Rows("gx", "gxo", "gxs", "gInput"));

  private DiagonalCellText() {}

  static String print() {
    String forwards = "int step = 0; step < steps; step++";
    String backwards = "int step = steps - 1; step >= 0; step--";
    return HEAD
        + scan("gruScan", "a drive h", forwards, GRU_NEXT)
        + scan(
            "gruScanPullback",
            "a drive h gy gh gx ga",
            backwards,
            GRU_SCAN_PULLBACK + GRU_GRADIENTS)
        + scan("lstmScan", "a drive h c", forwards, LSTM_NEXT)
        + scan(
            "lstmScanPullback",
            "a drive h c gy gh gc gx ga",
            backwards,
            LSTM_SCAN_PULLBACK + LSTM_GRADIENTS)
        + anywhere("gruLinearise", false, Set.of("weightR", "weightZ", "weightC"), GRU_LINEARISE)
        + anywhere("gruPullback", true, Set.of("weightC"), GRU_PULLBACK + GRU_GRADIENTS)
        + anywhere(
            "lstmLinearise",
            false,
            Set.of("weightF", "weightZ", "weightO", "peepholeF", "peepholeO"),
            LSTM_LINEARISE)
        + anywhere("lstmPullback", true, Set.of("peepholeO"), LSTM_PULLBACK + LSTM_GRADIENTS)
        + "}\n";
  }

  private static String scan(String name, String arrays, String order, String body) {
    String vector = EACH_VECTOR + (SCRATCH + expand(body, SEQUENCE, Set.of())).indent(2) + "}\n";
    String step = "int now = step * n;\nint at = 3 * now;\n" + vector;
    String arguments = arrays.replaceAll("(\\w+) ?", "float[] $1, ") + "int steps, int n";
    return method(name, arguments, "for (" + order + ") {\n" + step.indent(2) + "}\n");
  }

  private static String anywhere(String name, boolean pullback, Set<String> held, String body) {
    String text = EACH_VECTOR + (SCRATCH + expand(body, PLANES, held)).indent(2) + "}\n";
    StringBuilder arguments = new StringBuilder("float[] a, int as, ");
    StringBuilder unpacked = new StringBuilder();
    for (Rows rows : PLANES) {
      String planes = rows.from();
      if (!planes.isEmpty() && Pattern.compile("\\b" + rows.base() + "\\b").matcher(text).find()) {
        arguments.append("Strided<float[]> ").append(planes).append(", ");
        unpacked.append("float[] %s = %s.data();\n".formatted(rows.arrays(), planes));
        unpacked.append("int %s = %s.at();\n".formatted(rows.base(), planes));
        if (Pattern.compile("\\b" + rows.stride() + "\\b").matcher(text).find()) {
          unpacked.append("int %s = %s.stride();\n".formatted(rows.stride(), planes));
        }
      }
    }
    return method(name, arguments + (pullback ? "float[] ga, int n" : "int n"), unpacked + text);
  }

  private static String method(String name, String arguments, String body) {
    String head = "static void %s(%s) {\n".formatted(name, arguments);
    return "\n" + (head + (CONSTANTS + body).indent(2) + "}\n").indent(2);
  }

  private static String expand(String body, List<Rows> rows, Set<String> held) {
    String text = weights(body, held);
    text = text.replaceAll("sigmoid (\\w+) = (\\w+);\n", SIGMOID);
    text = text.replaceAll("tanh (\\w+) = (\\w+);\n", TANH);
    text = each(text, "-> (\\w+)\\[(\\d)\\];", rows, "@%s, %s);");
    text = text.replace(" @", ".intoArray(");
    return each(text, "\\b(\\w+)\\[(\\d)\\]", rows, "FloatVector.fromArray(SPECIES, %s, %s)");
  }

  /** Declares the weights that are held and puts loads in the places of the others. */
  private static String weights(String body, Set<String> held) {
    String text = body;
    var names = Pattern.compile("(\\w+) := (a\\[\\d\\]);\n").matcher(body);
    while (names.find()) {
      String name = names.group(1);
      if (held.contains(name)) {
        text = text.replace(name + " := ", "FloatVector " + name + " = ");
      } else {
        text = text.replace(names.group(), "").replaceAll("\\b" + name + "\\b", names.group(2));
      }
    }
    return text;
  }

  private static String each(String text, String places, List<Rows> rows, String format) {
    return Pattern.compile(places)
        .matcher(text)
        .replaceAll(
            m ->
                format.formatted(
                    m.group(1), index(m.group(1), Integer.parseInt(m.group(2)), rows)));
  }

  private static String index(String array, int row, List<Rows> all) {
    return all.stream()
        .filter(rows -> List.of(rows.arrays().split(" ")).contains(array))
        .findFirst()
        .orElseThrow()
        .at(row);
  }
}
