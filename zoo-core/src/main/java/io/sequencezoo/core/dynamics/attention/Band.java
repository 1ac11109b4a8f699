package io.sequencezoo.core.dynamics.attention;

/**
 * What queries of a block see of a range of keys, cut into strips, so that products leave out what
 * nobody sees: on the diagonal of causal attention nearly half.
 *
 * @param at index of the first query among all keys of its row
 * @param rows queries
 * @param from the first key
 * @param to one past the last key
 * @param total keys of the row
 */
record Band(Visibility visibility, int at, int rows, int from, int to, int total) {
  /** Rows or keys of a strip: enough for the registers of a product. */
  private static final int STRIP = 16;

  /** A rectangle of queries and keys; what it counts starts with the band's first. */
  @FunctionalInterface
  interface Rectangle {
    void accept(int row, int rows, int key, int keys);
  }

  /** Strips of queries, each with the keys that any of them sees; none may be seen. */
  void byQuery(Rectangle body) {
    for (int row = 0; row < rows; ) {
      int first = firstKey(row);
      int end = endKey(row);
      int next = row + STRIP;
      while (next < rows && firstKey(next) == first && endKey(next) == end) {
        next += STRIP;
      }
      next = Math.min(rows, next);
      body.accept(row, next - row, first, Math.max(0, end - first));
      row = next;
    }
  }

  /** Strips of keys that are seen, each with the queries that see any of them. */
  void byKey(Rectangle body) {
    int keys = to - from;
    for (int key = 0; key < keys; ) {
      int first = firstRow(key);
      int end = endRow(key);
      int next = key + STRIP;
      while (next < keys && firstRow(next) == first && endRow(next) == end) {
        next += STRIP;
      }
      next = Math.min(keys, next);
      if (end > first) {
        body.accept(first, end - first, key, next - key);
      }
      key = next;
    }
  }

  /** Where the keys start that a strip of queries sees. */
  private int firstKey(int row) {
    int first = Math.max(0, visibility.first(at + row) - from);
    return Math.min(to - from, first / STRIP * STRIP);
  }

  private int endKey(int row) {
    int last = Math.min(rows, row + STRIP) - 1;
    int end = Math.max(0, visibility.end(at + last, total) - from);
    return Math.min(to - from, (end + STRIP - 1) / STRIP * STRIP);
  }

  /** The first strip of queries that sees a strip of keys. */
  private int firstRow(int key) {
    int row = 0;
    while (row < rows && endKey(row) <= key) {
      row += STRIP;
    }
    return Math.min(rows, row);
  }

  private int endRow(int key) {
    int end = 0;
    for (int row = 0; row < rows; row += STRIP) {
      if (firstKey(row) < Math.min(to - from, key + STRIP)) {
        end = Math.min(rows, row + STRIP);
      }
    }
    return end;
  }
}
