/** Configurations by type name, and the registry that everything else is generated from. */
package io.sequencezoo.core.registry;
