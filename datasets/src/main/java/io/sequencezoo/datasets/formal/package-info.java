/**
 * Formal languages to be tracked: finite automata, groups of permutations, counters, arithmetic
 * with a stack or without, nested brackets. Learnt on short strings, tested on longer ones.
 */
package io.sequencezoo.datasets.formal;
