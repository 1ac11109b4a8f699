/** The command line {@code zoo}: arguments, exit codes, errors in one line. */
package io.sequencezoo.eval.cli;
