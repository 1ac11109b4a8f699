package io.sequencezoo.core.registry;

/**
 * The description of a block: an immutable record with a stable {@code @JsonTypeName}, validated in
 * its compact constructor.
 */
public interface BlockConfig {}
