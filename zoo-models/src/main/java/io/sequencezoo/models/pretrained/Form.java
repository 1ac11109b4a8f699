package io.sequencezoo.models.pretrained;

import io.sequencezoo.models.pretrained.TensorMap.Piece;
import io.sequencezoo.models.pretrained.TensorMap.Role;
import io.sequencezoo.models.pretrained.TensorMap.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How a public tensor and parameters of the zoo are made of each other, whatever their sizes: a
 * word of the tables of layouts. It says the public shape by those of the parameters, so that files
 * are checked before anything is read.
 *
 * <p>Public linear maps are {@code [out, in]}, the zoo's {@code [in, out]}; a form of several
 * parameters takes them in the order in which they lie in the tensor.
 */
@FunctionalInterface
interface Form {
  /** The map for parameters of these shapes; null stands for a part that isn't a parameter. */
  TensorMap map(List<long[]> shapes);

  /** The parameter as it is. */
  Form SAME = shapes -> whole(shapes.get(0), shapes.get(0), 0, false);

  /** Weights {@code [F, W]} of a depthwise convolution, {@code [F, 1, W]} in PyTorch. */
  Form CONVOLUTION =
      shapes -> {
        long[] own = shapes.get(0);
        return whole(new long[] {own[0], 1, own[1]}, own, 0, false);
      };

  /** A matrix the other way round. */
  Form TRANSPOSED =
      shapes -> {
        long[] own = shapes.get(0);
        return whole(new long[] {own[1], own[0]}, own, 0, true);
      };

  /** A gain that the public layout keeps as its difference from one. */
  Form FROM_ONE = shapes -> whole(shapes.get(0), shapes.get(0), 1, false);

  /** Linear maps of one input, one below the other: {@code [Σ out, in]}. */
  Form STACKED =
      shapes -> {
        List<Piece> pieces = new ArrayList<>();
        long row = 0;
        for (int i = 0; i < shapes.size(); i++) {
          long[] own = shapes.get(i);
          List<Run> runs = List.of(new Run(row, 0, own[1]));
          pieces.add(new Piece(i, runs, 0, (int) own[0], own[1], true, 0, Role.ALONE));
          row += own[1];
        }
        long in = shapes.get(0)[0];
        return new TensorMap(new long[] {row, in}, row, (int) in, pieces);
      };

  /** Convolutions {@code [F, W]}, one below the other: {@code [Σ F, 1, W]}. */
  Form STACKED_CONVOLUTIONS =
      shapes -> {
        List<Piece> pieces = new ArrayList<>();
        long row = 0;
        for (int i = 0; i < shapes.size(); i++) {
          long[] own = shapes.get(i);
          List<Run> runs = List.of(new Run(row, 0, own[0]));
          pieces.add(new Piece(i, runs, 0, (int) own[1], own[0], false, 0, Role.ALONE));
          row += own[0];
        }
        int span = (int) shapes.get(0)[1];
        return new TensorMap(new long[] {row, 1, span}, row, span, pieces);
      };

  /** Linear maps {@code [in, out]} side by side, or vectors one after the other. */
  Form BESIDE =
      shapes -> {
        long[] first = shapes.stream().filter(s -> s != null).findFirst().orElseThrow();
        long rows = first.length == 1 ? 1 : first[0];
        List<Piece> pieces = new ArrayList<>();
        int column = 0;
        for (int i = 0; i < shapes.size(); i++) {
          // A part that isn't a parameter is as long as the first that is.
          long[] own = shapes.get(i) == null ? first : shapes.get(i);
          int width = (int) own[own.length - 1];
          if (shapes.get(i) != null) {
            List<Run> runs = List.of(new Run(0, 0, rows));
            pieces.add(new Piece(i, runs, column, width, rows, false, 0, Role.ALONE));
          }
          column += width;
        }
        long[] shape = first.length == 1 ? new long[] {column} : new long[] {rows, column};
        return new TensorMap(shape, rows, column, pieces);
      };

  /**
   * Linear maps of one input whose outputs lie head by head: the rows of all parameters for the
   * first head, then those for the second.
   *
   * @param heads their number
   */
  static Form byHeads(int heads) {
    return shapes -> {
      long period = shapes.stream().mapToLong(own -> own[1] / heads).sum();
      List<Piece> pieces = new ArrayList<>();
      long within = 0;
      for (int i = 0; i < shapes.size(); i++) {
        long[] own = shapes.get(i);
        long share = own[1] / heads;
        List<Run> runs = new ArrayList<>();
        for (int h = 0; h < heads; h++) {
          runs.add(new Run(h * period + within, h * share, share));
        }
        pieces.add(new Piece(i, runs, 0, (int) own[0], own[1], true, 0, Role.ALONE));
        within += share;
      }
      long in = shapes.get(0)[0];
      long rows = heads * period;
      return new TensorMap(new long[] {rows, in}, rows, (int) in, pieces);
    };
  }

  /**
   * One of several vectors whose sum is the parameter; the first is written as the parameter, and
   * the others as zeros, unless the parameter still is what was read.
   */
  static Form addend(boolean first) {
    Role role = first ? Role.FIRST_ADDEND : Role.OTHER_ADDEND;
    return shapes -> {
      long[] own = shapes.get(0);
      List<Run> runs = List.of(new Run(0, 0, 1));
      Piece piece = new Piece(0, runs, 0, (int) own[0], 1, false, 0, role);
      return new TensorMap(own, 1, (int) own[0], List.of(piece));
    };
  }

  /**
   * A vector whose beginning is an addend of the beginning of the first parameter, and whose end is
   * the second: a bias of recurrent products of which the last gate's stands apart.
   */
  Form ADDEND_THEN_REST =
      shapes -> {
        int all = (int) shapes.get(0)[0];
        int rest = (int) shapes.get(1)[0];
        List<Run> runs = List.of(new Run(0, 0, 1));
        return new TensorMap(
            new long[] {all},
            1,
            all,
            List.of(
                new Piece(0, runs, 0, all - rest, 1, false, 0, Role.OTHER_ADDEND),
                new Piece(1, runs, all - rest, rest, 1, false, 0, Role.ALONE)));
      };

  private static TensorMap whole(long[] shape, long[] own, float shift, boolean transposed) {
    long numbers = Arrays.stream(own).reduce(1, Math::multiplyExact);
    long height = transposed ? own[1] : own.length == 1 ? 1 : own[0];
    int width = (int) (height == 0 ? 0 : numbers / height);
    List<Run> runs = List.of(new Run(0, 0, height));
    Piece piece = new Piece(0, runs, 0, width, height, transposed, shift, Role.ALONE);
    return new TensorMap(shape, height, width, List.of(piece));
  }
}
