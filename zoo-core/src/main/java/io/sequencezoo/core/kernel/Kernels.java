package io.sequencezoo.core.kernel;

/**
 * The arithmetic of one machine in one precision: loops over primitive arrays with offsets and
 * lengths, no tensors and no allocation.
 *
 * <p>Algorithms are written once against this interface, with {@code A} either {@code float[]} or
 * {@code double[]}. Three providers exist: scalar double (the readable specification), scalar float
 * and vector float. Outputs may be the same array and offset as an input; partial overlap is not
 * allowed. Matrices are row-major with a leading dimension.
 *
 * @param <A> the array type, {@code float[]} or {@code double[]}
 */
public interface Kernels<A>
    extends ReductionKernels<A>,
        MatrixKernels<A>,
        RowKernels<A>,
        NonlinearKernels<A>,
        ScanKernels<A> {}
