/** Chaotic forecasting: models that continue the series of chaotic systems by themselves. */
package io.sequencezoo.eval.chaos;
