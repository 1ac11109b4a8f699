/** Strict JSON and YAML for configurations. */
package io.sequencezoo.core.config;
