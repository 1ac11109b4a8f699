/**
 * Recurrent cells with dense recurrent products: Elman, LSTM and its variants, GRU in both
 * conventions, recurrent highway, sLSTM. A cell is a {@link
 * io.sequencezoo.core.dynamics.nonlinear.dense.CellLayout}: which products it takes and which
 * element-wise kernel follows each; one scan, one step and one linearisation serve them all.
 */
package io.sequencezoo.core.dynamics.nonlinear.dense;
