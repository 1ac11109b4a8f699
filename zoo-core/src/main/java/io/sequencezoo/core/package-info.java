/** The core: everything that architectures are made of, and no architecture. */
package io.sequencezoo.core;
