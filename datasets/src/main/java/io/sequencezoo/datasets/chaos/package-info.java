/** Chaotic systems, integrated in double precision, and the series that are cut from them. */
package io.sequencezoo.datasets.chaos;
