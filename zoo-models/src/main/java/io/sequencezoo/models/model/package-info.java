/**
 * Whole models: what goes in, a stack of stages, what comes out; the language model and its
 * configuration; generation token by token; folders of models and files of their states.
 */
package io.sequencezoo.models.model;
