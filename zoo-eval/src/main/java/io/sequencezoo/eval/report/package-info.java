/** Tables and pages made from results and from the registry. */
package io.sequencezoo.eval.report;
