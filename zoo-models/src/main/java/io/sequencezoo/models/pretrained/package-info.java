/**
 * Weights of others: checkpoints in public layouts read as models of the zoo, and written back
 * under their own names.
 */
package io.sequencezoo.models.pretrained;
