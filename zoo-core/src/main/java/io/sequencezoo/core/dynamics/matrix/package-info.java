/**
 * The matrix-state family: a matrix per head that forgets by a diagonal decay and learns by outer
 * products. A {@code Coefficient} is what drives it, a {@code MatrixStateScan} walks a sequence in
 * chunks, and a {@code MatrixStateSolver} advances over a chunk: {@code SequentialMatrixState}, the
 * specification, or a {@code ChunkedMatrixState}.
 */
package io.sequencezoo.core.dynamics.matrix;
