/** Matrix states at several time scales at once: log-linear attention over any gated layer. */
package io.sequencezoo.models.levels;
