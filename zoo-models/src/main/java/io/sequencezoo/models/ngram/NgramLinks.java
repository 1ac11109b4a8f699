package io.sequencezoo.models.ngram;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.lookup.LookupRecurrence;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.op.Indices;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Which tokens followed the same n-gram. The chain of an n-gram is the tokens right behind it; a
 * token reads the chain of the n-gram that it ends, and is the next link of that before it.
 */
final class NgramLinks {
  private static final int NONE = LookupRecurrence.NONE;

  private final Tokens tokens;
  private final int[] orders;
  private final int[] previous;
  private final int[] match;
  private final int[] count;

  private NgramLinks(Tokens tokens, int[] orders) {
    int size = tokens.batch() * tokens.steps() * orders.length;
    this.tokens = tokens;
    this.orders = orders;
    this.previous = new int[size];
    this.match = new int[size];
    this.count = new int[size];
  }

  /** The links of a stretch. */
  static NgramLinks of(Tokens tokens, int[] orders) {
    return new NgramLinks(tokens, orders);
  }

  private void find() {
    Arrays.fill(previous, NONE);
    Arrays.fill(match, NONE);
    Arrays.fill(count, 0);
    for (int b = 0; b < tokens.batch(); b++) {
      int fresh = tokens.length(b) - tokens.held(b);
      if (fresh == 1) {
        // One look back costs less than a table of all that was before.
        for (int h = 0; h < orders.length; h++) {
          search(b, h);
        }
      } else if (fresh > 1) {
        index(b);
      }
    }
  }

  private int at(int b, int t, int h) {
    return (b * tokens.steps() + t) * orders.length + h;
  }

  /** Compares the last token's n-gram, and that before it, with all before. */
  private void search(int b, int h) {
    int[] row = tokens.row(b);
    int n = orders[h];
    int last = tokens.length(b) - 1;
    int at = at(b, 0, h);
    for (int u = last - 1; u >= n; u--) {
      if (same(row, u - 1, last, n)) {
        match[at] = Math.max(match[at], u);
        count[at]++;
      }
    }
    for (int u = last - 1; u >= n && previous[at] == NONE; u--) {
      previous[at] = same(row, u - 1, last - 1, n) ? u : NONE;
    }
  }

  /** Whether the n tokens up to i are those up to j. */
  private static boolean same(int[] row, int i, int j, int n) {
    for (int k = 0; k < n; k++) {
      if (row[i - k] != row[j - k]) {
        return false;
      }
    }
    return true;
  }

  /** Goes through the row once, with the latest link and the length of every n-gram's chain. */
  private void index(int b) {
    int[] row = tokens.row(b);
    int[] ids = new int[row.length];
    int next = 0;
    for (int n = 1; next < orders.length; n++) {
      ids = longer(row, ids, n);
      if (orders[next] == n) {
        chain(b, next, ids);
        next++;
      }
    }
  }

  /**
   * A number for the n tokens up to every position, the same for the same ones: that of the pair of
   * the n - 1 tokens before and the last; -1 where there are fewer.
   */
  private static int[] longer(int[] row, int[] shorter, int n) {
    PairNumbers numbers = new PairNumbers(row.length);
    int[] ids = new int[row.length];
    for (int t = 0; t < row.length; t++) {
      ids[t] = t < n - 1 ? NONE : numbers.of(n == 1 ? 0 : shorter[t - 1], row[t]);
    }
    return ids;
  }

  private void chain(int b, int h, int[] ids) {
    int[] latest = new int[ids.length];
    int[] length = new int[ids.length];
    Arrays.fill(latest, NONE);
    int first = tokens.held(b);
    for (int t = 0; t < ids.length; t++) {
      int own = ids[t];
      int before = t == 0 ? NONE : ids[t - 1];
      if (t >= first) {
        int at = at(b, t - first, h);
        match[at] = own == NONE ? NONE : latest[own];
        count[at] = own == NONE ? 0 : length[own];
        previous[at] = before == NONE ? NONE : latest[before];
      }
      if (before != NONE) {
        latest[before] = t;
        length[before]++;
      }
    }
  }

  /** What drives the recurrence, with the values {@code [B, T, D]}. */
  Map<String, Variable> coefficients(Tape tape, Variable values) {
    INDArray previousLinks = array(tape);
    INDArray matches = array(tape);
    INDArray counts = array(tape);
    Replay.run(
        () -> {
          find();
          Indices.write(previous, previousLinks);
          Indices.write(match, matches);
          Indices.write(count, counts);
        });
    Map<String, Variable> coefficients = new LinkedHashMap<>();
    coefficients.put(LookupRecurrence.VALUE, values);
    coefficients.put(LookupRecurrence.PREVIOUS, tape.constant(previousLinks));
    coefficients.put(LookupRecurrence.MATCH, tape.constant(matches));
    coefficients.put(LookupRecurrence.COUNT, tape.constant(counts));
    return coefficients;
  }

  private INDArray array(Tape tape) {
    return tape.allocate(DataType.INT32, tokens.batch(), tokens.steps(), orders.length);
  }
}
