/** Generators and loaders of data. */
package io.sequencezoo.datasets;
