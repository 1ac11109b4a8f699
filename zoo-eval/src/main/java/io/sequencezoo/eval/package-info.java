/** Tasks with their metrics, reports, and the command line. */
package io.sequencezoo.eval;
