/** Questions about short stories. */
package io.sequencezoo.eval.story;
