/** Copying, reversing and adding digits: learnt on short questions, tested on longer ones. */
package io.sequencezoo.eval.algorithmic;
