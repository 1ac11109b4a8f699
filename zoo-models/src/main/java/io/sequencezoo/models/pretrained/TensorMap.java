package io.sequencezoo.models.pretrained;

import java.util.List;

/**
 * Where the numbers of a public tensor go: the tensor as a matrix, and pieces of it that are
 * parameters.
 *
 * @param shape of the tensor
 * @param rows of the matrix
 * @param columns of the matrix
 * @param pieces parts of the matrix, apart from each other; what no piece holds has no effect on a
 *     model's outputs
 */
record TensorMap(long[] shape, long rows, int columns, List<Piece> pieces) {

  /**
   * Consecutive rows of the matrix that are consecutive ones of a piece.
   *
   * @param row of the matrix
   * @param to row of the piece
   * @param count how many
   */
  record Run(long row, long to, long count) {}

  /** What a part is to its parameter. */
  enum Role {
    /** All of its numbers. */
    ALONE,
    /** What is added to others, and written as the sum. */
    FIRST_ADDEND,
    /** What is added to others, and written as zero. */
    OTHER_ADDEND
  }

  /**
   * A part of the matrix that is a parameter, or a part of one.
   *
   * @param parameter its place among the rule's parameters
   * @param runs its rows
   * @param column its first column
   * @param width its columns
   * @param height rows of the parameter as a matrix, those of other tensors among them
   * @param transposed whether the parameter is {@code [width, height]}
   * @param shift what is added to the numbers
   * @param role whether the parameter is this part alone, or a sum
   */
  record Piece(
      int parameter,
      List<Run> runs,
      int column,
      int width,
      long height,
      boolean transposed,
      float shift,
      Role role) {

    /** Whether the public numbers can't be had from the parameter's alone. */
    boolean isLossy() {
      return shift != 0 || role != Role.ALONE;
    }

    private long numbers() {
      return width * runs.stream().mapToLong(Run::count).sum();
    }
  }

  /** Whether the tensor can be had from parameters alone, bit for bit. */
  boolean isLossless() {
    return pieces.stream().noneMatch(Piece::isLossy)
        && pieces.stream().mapToLong(Piece::numbers).sum() == rows * columns;
  }
}
