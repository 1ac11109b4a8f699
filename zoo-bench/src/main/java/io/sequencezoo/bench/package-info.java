/** Benchmarks: JMH for kernels and operations, and interleaved comparisons with PyTorch. */
package io.sequencezoo.bench;
