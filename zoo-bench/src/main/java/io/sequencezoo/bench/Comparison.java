package io.sequencezoo.bench;

import java.util.function.Supplier;

/**
 * Something that the zoo and the peer both do.
 *
 * @param name for the table
 * @param peer the peer's name of it, with arguments; null where only the zoo is timed
 * @param target what the ratio zoo/peer should be at most, or null
 * @param flops multiply-adds of its matrix products times two; 0 where no bound is asked for
 * @param zoo builds the zoo's side: one call is one pass
 */
record Comparison(String name, String peer, Double target, double flops, Supplier<Runnable> zoo) {}
