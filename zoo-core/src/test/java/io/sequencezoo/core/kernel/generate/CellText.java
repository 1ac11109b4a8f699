package io.sequencezoo.core.kernel.generate;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Prints {@code VectorCells}: the element-wise part of every cell of {@code CellKind}, and its
 * pullback.
 *
 * <p>In these texts {@code g[r]} is slot r of the gates, {@code a[r]} of the auxiliaries, {@code
 * s[r]} of the state or its gradient, {@code k[r]} of the gradients of the gates, {@code p[r]} of
 * the parameters; {@code value -> g[r];} writes one, {@code SIGMOID g[r];} maps one in place, and
 * {@code each} begins a loop over vectors that {@code end} ends.
 */
final class CellText {
  private static final String HEAD =
      """
      import static io.sequencezoo.core.kernel.Lanes.COUNT;
      import static io.sequencezoo.core.kernel.Lanes.all;
      import static io.sequencezoo.core.kernel.Lanes.load;

      import java.util.Arrays;
      import jdk.incubator.vector.FloatVector;
      import jdk.incubator.vector.VectorMask;

      /**
       * {@link ScalarCells} on whole vectors of units; units left over go there. Nonlinearities run in
       * loops of their own, since one loop over a whole cell would be more than HotSpot inlines.
       */
      final class VectorCells {
        private VectorCells() {}
      """;

  /**
   * {@code h' = o tanh(c')}, with tanh(c') left in auxiliary slot 2; o is where the gate starts.
   */
  private static final String SHOW =
      """
      VectorUnary.map(Unary.TANH, state, s + stride, work, a + 2 * stride, n);
      each
        o[0].mul(a[2]) -> s[0];
      end
      """;

  private static final String ELMAN =
      """
      map(f, work, g, n);
      System.arraycopy(work, g, state, s, n);
      """;

  private static final String ELMAN_TANH_BACK =
      """
      one zero each
        FloatVector h = g[0];
        s[0].mul(one.sub(h.mul(h))) -> k[0];
        zero -> s[0];
      end
      """;

  private static final String ELMAN_RELU_BACK =
      """
      VectorUnary.mapPullback(Unary.RELU, work, g, work, g, gState, s, gGates, gg, n);
      Arrays.fill(gState, s, s + n, 0);
      """;

  private static final String LSTM =
      """
      SIGMOID g[0];
      SIGMOID g[1];
      TANH g[2];
      SIGMOID g[3];
      each
        FloatVector c = s[1];
        c -> a[1];
        FloatVector input = g[0].mul(g[2]);
        g[1].fma(c, input) -> s[1];
      end
      showCell(work, g + 3 * stride, a, state, s, stride, n);
      """;

  private static final String LSTM_OUT =
      """
      one zero each
        FloatVector i = g[0];
        FloatVector f = g[1];
        FloatVector z = g[2];
        FloatVector o = g[3];
        FloatVector t = a[2];
        FloatVector gOut = s[0].mul(o);
      """;

  private static final String NEXT_BACK =
      "  FloatVector gNext = gOut.fma(one.sub(t.mul(t)), s[1]);\n";

  private static final String LSTM_BACK =
      LSTM_OUT
          + NEXT_BACK
          + """
            FloatVector c = a[1];
            gOut.mul(t).mul(one.sub(o)) -> k[3];
            gNext.mul(z).mul(i).mul(one.sub(i)) -> k[0];
            gNext.mul(c).mul(f).mul(one.sub(f)) -> k[1];
            gNext.mul(i).mul(one.sub(z.mul(z))) -> k[2];
            gNext.mul(f) -> s[1];
            zero -> s[0];
          end
          """;

  private static final String PEEPHOLE =
      """
      each
        FloatVector c = s[1];
        c -> a[1];
        p[0].fma(c, g[0]) -> g[0];
        p[1].fma(c, g[1]) -> g[1];
      end
      SIGMOID g[0];
      SIGMOID g[1];
      TANH g[2];
      int out = g + 3 * stride;
      each
        FloatVector input = g[0].mul(g[2]);
        FloatVector next = g[1].fma(a[1], input);
        next -> s[1];
        next -> a[3];
        p[2].fma(next, out[0]) -> out[0];
      end
      SIGMOID out[0];
      showCell(work, out, a, state, s, stride, n);
      """;

  private static final String PEEPHOLE_BACK =
      LSTM_OUT
          + "  FloatVector go = gOut.mul(t).mul(one.sub(o));\n"
          + NEXT_BACK
          + """
            gNext = go.fma(p[2], gNext);
            FloatVector gi = gNext.mul(z).mul(i).mul(one.sub(i));
            FloatVector gf = gNext.mul(a[1]).mul(f).mul(one.sub(f));
            go -> k[3];
            gi -> k[0];
            gf -> k[1];
            gNext.mul(i).mul(one.sub(z.mul(z))) -> k[2];
            FloatVector gc = gi.fma(p[0], gNext.mul(f));
            gf.fma(p[1], gc) -> s[1];
            zero -> s[0];
          end
          """;

  private static final String COUPLED =
      """
      SIGMOID g[0];
      TANH g[1];
      SIGMOID g[2];
      each
        FloatVector c = s[1];
        FloatVector z = g[1];
        c -> a[1];
        g[0].fma(c.sub(z), z) -> s[1];
      end
      showCell(work, g + 2 * stride, a, state, s, stride, n);
      """;

  private static final String COUPLED_BACK =
      """
      one zero each
        FloatVector f = g[0];
        FloatVector z = g[1];
        FloatVector o = g[2];
        FloatVector t = a[2];
        FloatVector gOut = s[0].mul(o);
      """
          + NEXT_BACK
          + """
            FloatVector difference = a[1].sub(z);
            FloatVector rest = one.sub(f);
            gNext.mul(difference).mul(f).mul(rest) -> k[0];
            gNext.mul(rest).mul(one.sub(z.mul(z))) -> k[1];
            gOut.mul(t).mul(one.sub(o)) -> k[2];
            gNext.mul(f) -> s[1];
            zero -> s[0];
          end
          """;

  private static final String GRU =
      """
      SIGMOID g[0];
      SIGMOID g[1];
      int candidate = g + 2 * stride;
      each
        g[0].fma(g[3], candidate[0]) -> candidate[0];
      end
      TANH candidate[0];
      each
        FloatVector h = s[0];
        h -> a[1];
        FloatVector next = candidate[0];
        g[1].fma(h.sub(next), next) -> s[0];
      end
      """;

  private static final String GRU_BACK =
      """
      one each
        FloatVector r = g[0];
        FloatVector z = g[1];
        FloatVector candidate = g[2];
        FloatVector gh = s[0];
        FloatVector rest = one.sub(z);
        FloatVector gn = gh.mul(rest).mul(one.sub(candidate.mul(candidate)));
        gn -> k[2];
        FloatVector gReset = gn.mul(r);
        gReset -> k[3];
        gReset.mul(g[3]).mul(one.sub(r)) -> k[0];
        FloatVector kept = gh.mul(z);
        FloatVector difference = a[1].sub(candidate);
        kept.mul(difference).mul(rest) -> k[1];
        kept -> s[0];
      end
      """;

  private static final String RESET =
      """
      SIGMOID g[0];
      SIGMOID g[1];
      each
        FloatVector h = s[0];
        h -> a[2];
        h.mul(g[0]) -> s[1];
      end
      """;

  private static final String RESET_BACK =
      """
      one zero each
        FloatVector r = g[0];
        FloatVector gReset = s[1].mul(r);
        gReset.mul(a[2]).mul(one.sub(r)) -> k[0];
        s[0].add(gReset) -> s[0];
        zero -> s[1];
      end
      """;

  private static final String UPDATE =
      """
      TANH g[2];
      each
        FloatVector candidate = g[2];
        g[1].fma(s[0].sub(candidate), candidate) -> s[0];
      end
      """;

  private static final String UPDATE_BACK =
      """
      one zero each
        FloatVector z = g[1];
        FloatVector candidate = g[2];
        FloatVector gh = s[0];
        FloatVector rest = one.sub(z);
        FloatVector kept = gh.mul(z);
        FloatVector difference = a[2].sub(candidate);
        kept.mul(difference).mul(rest) -> k[1];
        gh.mul(rest).mul(one.sub(candidate.mul(candidate))) -> k[2];
        kept -> s[0];
        zero -> s[1];
      end
      """;

  private static final String HIGHWAY =
      """
      TANH g[0];
      SIGMOID g[1];
      each
        FloatVector before = s[0];
        before -> a[1];
        g[1].fma(g[0].sub(before), before) -> s[0];
      end
      """;

  private static final String HIGHWAY_BACK =
      """
      one each
        FloatVector h = g[0];
        FloatVector t = g[1];
        FloatVector gs = s[0];
        FloatVector moved = gs.mul(t);
        FloatVector rest = one.sub(t);
        moved.mul(one.sub(h.mul(h))) -> k[0];
        moved.mul(h.sub(a[1])).mul(rest) -> k[1];
        gs.mul(rest) -> s[0];
      end
      """;

  private static final String SLSTM =
      """
      TANH g[0];
      SIGMOID g[3];
      int forget = g + 2 * stride;
      int slope = a + 3 * stride;
      // σ(-x) is the slope of log σ(x).
      each
        forget[0].neg() -> slope[0];
      end
      SIGMOID slope[0];
      LOG_SIGMOID forget[0];
      stabilise(work, g, a, state, s, stride, n);
      EXP g[1];
      EXP forget[0];
      zero one each
        FloatVector c = s[1];
        FloatVector weight = s[2];
        c -> a[1];
        weight -> a[2];
        FloatVector i = g[1];
        FloatVector f = forget[0];
        FloatVector nextC = f.fma(c, i.mul(g[0]));
        FloatVector nextN = f.fma(weight, i);
        nextC -> s[1];
        nextN -> s[2];
        FloatVector divisor = nextN.blend(one, nextN.eq(zero));
        g[3].mul(nextC).div(divisor) -> s[0];
      end
      """;

  /** From log f and a_i the maximum m', which of them it is, and the exponents of both weights. */
  private static final String STABILISE =
      """
      one zero each
        FloatVector write = g[1];
        FloatVector keep = g[2].add(s[3]);
        VectorMask<Float> lost = keep.lt(write);
        VectorMask<Float> kept = write.lt(keep).or(write.eq(keep));
        FloatVector m = write.max(keep);
        m.blend(zero, lost).blend(one, kept) -> a[4]; // NaN stays
        m -> s[3];
        write.sub(m) -> g[1];
        keep.sub(m) -> g[2];
      end
      """;

  private static final String SLSTM_BACK =
      """
      one zero each
        FloatVector z = g[0];
        FloatVector i = g[1];
        FloatVector f = g[2];
        FloatVector o = g[3];
        FloatVector c = a[1];
        FloatVector weight = a[2];
        FloatVector nextN = f.fma(weight, i);
        FloatVector divisor = nextN.blend(one, nextN.eq(zero));
        FloatVector ratio = f.fma(c, i.mul(z)).div(divisor);
        FloatVector gh = s[0];
        FloatVector gOut = gh.mul(o).div(divisor);
        FloatVector gc = s[1].add(gOut);
        FloatVector gn = s[2].sub(gOut.mul(ratio));
        FloatVector gLogF = gc.fma(c, gn.mul(weight)).mul(f);
        FloatVector gWrite = gc.fma(z, gn).mul(i);
        FloatVector gm = s[3].sub(gLogF).sub(gWrite);
        FloatVector gKept = gm.mul(a[4]);
        gLogF = gLogF.add(gKept);
        gc.mul(i).mul(one.sub(z.mul(z))) -> k[0];
        gWrite.add(gm.sub(gKept)) -> k[1];
        gLogF.mul(a[3]) -> k[2];
        gh.mul(ratio).mul(o).mul(one.sub(o)) -> k[3];
        zero -> s[0];
        gc.mul(f) -> s[1];
        gn.mul(f) -> s[2];
        gLogF -> s[3];
      end
      """;

  /** By kind: the cell and its pullback. */
  private static final List<Cell> CELLS =
      List.of(
          new Cell("ELMAN_TANH", "", ELMAN_TANH_BACK),
          new Cell("ELMAN_RELU", "", ELMAN_RELU_BACK),
          new Cell("LSTM", LSTM, LSTM_BACK),
          new Cell("LSTM_PEEPHOLE", PEEPHOLE, PEEPHOLE_BACK),
          new Cell("LSTM_COUPLED", COUPLED, COUPLED_BACK),
          new Cell("GRU", GRU, GRU_BACK),
          new Cell("GRU_RESET", RESET, RESET_BACK),
          new Cell("GRU_UPDATE", UPDATE, UPDATE_BACK),
          new Cell("HIGHWAY", HIGHWAY, HIGHWAY_BACK),
          new Cell("SLSTM", SLSTM, SLSTM_BACK));

  private CellText() {}

  /** Both texts of a kind; those without a cell are Elman's. */
  private record Cell(String kind, String forth, String back) {
    /** LSTM_PEEPHOLE is lstmPeephole. */
    String method(String more) {
      Matcher letters = Pattern.compile("_(\\w)").matcher(kind.toLowerCase(Locale.ROOT));
      return letters.replaceAll(m -> m.group(1).toUpperCase(Locale.ROOT)) + more;
    }
  }

  static String print() {
    StringBuilder forth = new StringBuilder();
    StringBuilder back = new StringBuilder();
    StringBuilder methods = new StringBuilder();
    for (Cell cell : CELLS) {
      String kind = cell.kind();
      String pullback = cell.method("Pullback");
      if (cell.forth().isEmpty()) {
        String unary = kind.substring(kind.indexOf('_') + 1);
        forth.append(
            "  case %s -> elman(Unary.%s, work, g, state, s, n);\n".formatted(kind, unary));
      } else {
        forth.append(call(kind, cell.method(""), arguments(cell.forth(), "state")));
        methods.append(
            method(cell.method(""), arguments(cell.forth(), "state"), cell.forth(), "state"));
      }
      back.append(call(kind, pullback, arguments(cell.back(), "gState")));
      methods.append(method(pullback, arguments(cell.back(), "gState"), cell.back(), "gState"));
    }
    String work = "float[] work, int g, int a, ";
    String rest = "float[] parameters, int p, int stride, int n";
    return HEAD
        + choice(
            "The first n units, n a multiple of the vector length.",
            "cell",
            forth,
            work + "float[] state, int s, " + rest)
        + choice(
            "The pullback of {@link #cell}.",
            "pullback",
            back,
            work + "float[] gState, int s, float[] gGates, int gg, " + rest)
        + method(
            "map",
            "Unary f, float[] x, int at, int n",
            "VectorUnary.map(f, x, at, x, at, n);\n",
            "")
        + method("elman", "Unary f, float[] work, int g, float[] state, int s, int n", ELMAN, "")
        + method(
            "showCell",
            "float[] work, int o, int a, float[] state, int s, int stride, int n",
            SHOW,
            "state")
        + method("stabilise", arguments(STABILISE, "state"), STABILISE, "state")
        + methods
        + "}\n";
  }

  private static String choice(String says, String name, CharSequence cases, String arguments) {
    String head =
        "/** %s */\nstatic void %s(CellKind kind, %s) {\n".formatted(says, name, arguments);
    return "\n"
        + (head + "  switch (kind) {\n" + cases.toString().indent(2) + "  }\n}\n").indent(2);
  }

  private static String call(String kind, String method, String arguments) {
    String passed = arguments.replaceAll("(?:float\\[\\]|int) ", "");
    return "  case %s -> %s(%s);\n".formatted(kind, method, passed);
  }

  /** Those of a kind's arrays that its text names. */
  private static String arguments(String text, String state) {
    return "float[] work, int g, "
        + (names(text, "\\ba\\b") ? "int a, " : "")
        + "float[] "
        + state
        + ", int s, "
        + (state.equals("gState") ? "float[] gGates, int gg, " : "")
        + (names(text, "\\bp\\[") ? "float[] parameters, int p, " : "")
        + (names(text, "\\[[1-9]") ? "int stride, " : "")
        + "int n";
  }

  private static boolean names(String text, String what) {
    return Pattern.compile(what).matcher(text).find();
  }

  private static String method(String name, String arguments, String text, String state) {
    String body =
        text.replaceAll("(?m)^([A-Z_]+) (\\w+)\\[(\\d)\\];", "map(Unary.$1, work, $2@$3, n);")
            .replaceAll("\\bone (?=zero|each)", "FloatVector one = all(1f);\n")
            .replaceAll("\\bzero (?=one|each|Float)", "FloatVector zero = all(0f);\n")
            .replaceAll("(?m)^each$", "for (int u = 0; u < n; u += COUNT) {")
            .replaceAll("(?m)^end$", "}");
    body = places(body, " -> (\\w+)\\[(\\d)\\];", state, ".intoArray(%s + u);");
    body = places(body, "\\b(\\w+)\\[(\\d)\\]", state, "load(%s + u)");
    body = body.replaceAll("(\\w+)@0", "$1").replaceAll("(\\w+)@1", "$1 + stride");
    body = body.replaceAll("(\\w+)@(\\d)", "$1 + $2 * stride");
    String head = "private static void %s(%s) {\n".formatted(name, arguments);
    return "\n" + (head + body.indent(2) + "}\n").indent(2);
  }

  private static String places(String text, String places, String state, String format) {
    return Pattern.compile(places)
        .matcher(text)
        .replaceAll(m -> format.formatted(place(m.group(1), m.group(2), state)));
  }

  /** The array that a name stands for, and where the slot starts. */
  private static String place(String name, String slot, String state) {
    return switch (name) {
      case "s" -> state + ", s@" + slot;
      case "k" -> "gGates, gg@" + slot;
      case "p" -> "parameters, p@" + slot;
      default -> "work, " + name + "@" + slot;
    };
  }
}
