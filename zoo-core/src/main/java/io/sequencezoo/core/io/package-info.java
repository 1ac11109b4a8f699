/** Files: safetensors, and writing that leaves either the old file or the new one. */
package io.sequencezoo.core.io;
