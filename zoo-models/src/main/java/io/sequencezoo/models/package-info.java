/** Architectures as blocks. */
package io.sequencezoo.models;
