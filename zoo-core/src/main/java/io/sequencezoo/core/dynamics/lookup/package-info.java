/** Recurrences whose state is a list of what was seen, read at places that the drive names. */
package io.sequencezoo.core.dynamics.lookup;
