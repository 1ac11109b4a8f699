/**
 * Whole models made of blocks: the language model and its configuration, generation token by token,
 * and model folders.
 */
package io.sequencezoo.models.model;
