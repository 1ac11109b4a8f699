/** The workloads of the benchmarks in PyTorch (libtorch with its own autograd), for comparison. */
package io.sequencezoo.bench.peer;
