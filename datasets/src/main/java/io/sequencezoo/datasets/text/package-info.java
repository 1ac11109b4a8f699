/**
 * Files of the user as tokens: bytes or characters, cut into windows and, by position, into splits.
 */
package io.sequencezoo.datasets.text;
