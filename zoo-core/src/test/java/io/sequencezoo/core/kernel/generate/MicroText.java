package io.sequencezoo.core.kernel.generate;

import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Prints {@code VectorMicroBlocks}: the blocks of registers of the matrix product, unrolled. */
final class MicroText {
  private static final String HEAD =
      """
      import static io.sequencezoo.core.kernel.Lanes.COUNT;
      import static io.sequencezoo.core.kernel.Lanes.SPECIES;

      import jdk.incubator.vector.FloatVector;

      /**
       * The blocks of {@link VectorMicro}: {@code rowsRxV} computes R rows and V vectors of columns of
       * {@code C = Z + A B} in registers. Unrolled, because HotSpot keeps no array of vectors in
       * registers.
       */
      final class VectorMicroBlocks {

        private VectorMicroBlocks() {}
      """;

  private static final String ARGUMENTS =
      "int k, float[] a, int ao, int down, int along, float[] b, int bo, int ldb, float[] z, int zo,"
          + " int ldz, float[] c, int co, int ldc";

  /** How far rows lie apart, which one row doesn't ask. */
  private static final String STRIDES = ",( int)? (down|ldz|ldc)(?=,|$)";

  private static final String PASSED =
      "k, a, ao + i * down, down, along, b, bo, ldb, z, zo + i * ldz, ldz, c, co + i * ldc, ldc";

  private MicroText() {}

  static String print() {
    return HEAD
        // Eight rows, a common batch, are two blocks of four rather than six and two.
        + rows(4, "m - i >= 6 && m - i != 8", 6, 4, 2, 1)
        + rows(2, "m - i >= 6", 6, 4, 1)
        + rows(1, "m - i >= 8", 8, 4, 1)
        + "}\n";
  }

  /** V vectors of columns of any number of rows, in blocks of these heights; then the blocks. */
  private static String rows(int vectors, String first, int... heights) {
    StringBuilder loops = new StringBuilder("int i = 0;\n");
    StringBuilder blocks = new StringBuilder();
    for (int rows : heights) {
      String more = rows == heights[0] ? first : "m - i >= " + rows;
      loops.append("for (; %s; i += %d) {\n".formatted(more, rows));
      String unused = rows == 1 ? STRIDES : "$^";
      String passed = PASSED.replaceAll(unused, "");
      String arguments = ARGUMENTS.replaceAll(unused, "");
      loops.append("  rows%dx%d(%s);\n}\n".formatted(rows, vectors, passed));
      blocks.append(
          method("private", "rows" + rows + "x" + vectors, arguments, block(rows, vectors)));
    }
    return method("", "rows" + vectors, "int m, " + ARGUMENTS, loops.toString()) + blocks;
  }

  private static String method(String access, String name, String arguments, String body) {
    String head = access.isEmpty() ? "" : access + " ";
    String text = "%sstatic void %s(%s) {\n".formatted(head, name, arguments);
    return "\n" + (text + body.indent(2) + "}\n").indent(2);
  }

  private static String block(int rows, int vectors) {
    String load = "FloatVector %s = FloatVector.fromArray(SPECIES, %s);\n";
    StringBuilder text = new StringBuilder();
    text.append(
        each(rows, vectors, (r, v) -> load.formatted(sum(r, v), "z, zo" + at(r, v, "ldz"))));
    text.append("for (int p = 0; p < k; p++) {\n");
    text.append("  int at = ao + p * along;\n  int bt = bo + p * ldb;\n");
    text.append(each(1, vectors, (r, v) -> "  " + load.formatted("y" + v, "b, bt" + at(r, v, ""))));
    for (int r = 0; r < rows; r++) {
      String x = "  %sx = FloatVector.broadcast(SPECIES, a[at%s]);\n";
      text.append(x.formatted(r == 0 ? "FloatVector " : "", times(r, "down")));
      for (int v = 0; v < vectors; v++) {
        text.append("  %1$s = x.fma(y%2$d, %1$s);\n".formatted(sum(r, v), v));
      }
    }
    String store = "%s.intoArray(c, co%s);\n";
    text.append("}\n");
    text.append(each(rows, vectors, (r, v) -> store.formatted(sum(r, v), at(r, v, "ldc"))));
    return text.toString();
  }

  private interface Cell {
    String print(int row, int vector);
  }

  private static String each(int rows, int vectors, Cell cell) {
    return IntStream.range(0, rows * vectors)
        .mapToObj(i -> cell.print(i / vectors, i % vectors))
        .collect(Collectors.joining());
  }

  private static String sum(int row, int vector) {
    return "c" + row + vector;
  }

  private static String at(int row, int vector, String stride) {
    return times(row, stride) + times(vector, "COUNT");
  }

  private static String times(int n, String what) {
    return n == 0 ? "" : n == 1 ? " + " + what : " + " + n + " * " + what;
  }
}
