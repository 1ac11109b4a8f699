/**
 * The adapter to Deeplearning4j: {@link io.sequencezoo.dl4j.MixerLayer} puts any sequence mixer of
 * the zoo into a {@code MultiLayerNetwork} or {@code ComputationGraph}.
 */
package io.sequencezoo.dl4j;
