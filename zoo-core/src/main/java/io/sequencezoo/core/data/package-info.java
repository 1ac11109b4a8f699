/** What training reads: batches, and sources of batches that can be resumed at any position. */
package io.sequencezoo.core.data;
