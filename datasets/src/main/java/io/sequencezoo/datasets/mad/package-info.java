/** The six token tasks by which mechanistic architecture design judges layers. */
package io.sequencezoo.datasets.mad;
