/** Language modelling on files of the user. */
package io.sequencezoo.eval.text;
