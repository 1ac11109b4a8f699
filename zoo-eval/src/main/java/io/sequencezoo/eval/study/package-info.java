/** Ablation studies: named changes to a model, trained in pairs and compared with intervals. */
package io.sequencezoo.eval.study;
