/**
 * Mixers with a vector state that evolves channel by channel: state-space models and gated linear
 * recurrent units.
 */
package io.sequencezoo.models.vector;
