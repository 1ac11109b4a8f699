/** Training: optimisers, schedules, trainer, checkpoints, listeners. */
package io.sequencezoo.train;
