/** The benchmarks' workloads in Deeplearning4j's own layers; a process of its own runs them. */
package io.sequencezoo.bench.dl4j;
