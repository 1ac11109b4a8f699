/**
 * What models are made of: blocks, their parameters (one flat vector with named views),
 * initialisers, sequence mixers as parametrised recurrences, and the registry of configurations.
 */
package io.sequencezoo.core.block;
