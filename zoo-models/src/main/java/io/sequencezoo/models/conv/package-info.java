/** Short causal convolutions, which mixers of several families put before their recurrence. */
package io.sequencezoo.models.conv;
