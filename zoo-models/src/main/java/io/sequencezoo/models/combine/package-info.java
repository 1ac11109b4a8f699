/** Blocks made of several others. */
package io.sequencezoo.models.combine;
