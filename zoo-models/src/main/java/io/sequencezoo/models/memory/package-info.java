/**
 * Layers around memories that learn at test time: a {@code MemoryMixer} drives the one recurrence,
 * and a member says what network, loss, retention and inner algorithm.
 */
package io.sequencezoo.models.memory;
