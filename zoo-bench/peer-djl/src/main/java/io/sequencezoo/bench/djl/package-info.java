/** The benchmarks' workloads in the Deep Java Library; a process of its own runs them. */
package io.sequencezoo.bench.djl;
