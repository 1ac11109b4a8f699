/** Stages that go deeper by running the same parameters again. */
package io.sequencezoo.models.depth;
