/** Channel mixers: what a layer computes of each position alone, after its sequence mixer. */
package io.sequencezoo.models.channel;
