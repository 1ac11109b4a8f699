/**
 * In-context language learning (RegBench): every problem is a regular language, drawn as a random
 * automaton, and a prompt of strings from it; what is to be learnt is in the prompt alone.
 *
 * <p>Plain Java, no tensors. Where this generator differs from the reference: automata are in
 * canonical form, so that no split repeats a language and no language is in two splits.
 */
package io.sequencezoo.datasets.icll;
