/** Short stories about people, places and things, and questions about them, in own words. */
package io.sequencezoo.datasets.story;
