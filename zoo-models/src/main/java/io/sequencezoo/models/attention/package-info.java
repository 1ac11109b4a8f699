/** Attention: mixers whose state is the set of keys and values seen so far. */
package io.sequencezoo.models.attention;
