/** Blocks that look up what followed the same tokens before, or what tokens mean together. */
package io.sequencezoo.models.ngram;
