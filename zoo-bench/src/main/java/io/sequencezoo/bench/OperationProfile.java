package io.sequencezoo.bench;

import io.sequencezoo.bench.ResultTable.Column;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where the time of a step goes: every operation on its tapes under the name of the method that
 * recorded it, forward and backward, with the bytes that it cannot avoid to move and, for linear
 * maps and attention, the products that it cannot avoid to compute.
 */
final class OperationProfile implements Tape.Observer {
  /** The methods through which others record. */
  private static final Set<String> THROUGH = Set.of("Tape", "OperationProfile", "Tiles");

  private static final String LINEAR = "Dense.linear";
  private static final String ATTENTION = "BlockwiseAttention.apply";
  private static final double MILLIS = 1e-6;
  private static final double MEBIBYTE = 1 << 20;

  private final Map<String, Cost> costs = new LinkedHashMap<>();
  private final IdentityHashMap<Variable, String> names = new IdentityHashMap<>();

  /** What one kind of operation cost. */
  private static final class Cost {
    private long calls;
    private long forward;
    private long backward;
    private double bytes;
    private double flops;

    long nanos() {
      return forward + backward;
    }
  }

  @Override
  public void evaluated(Tape.Operation operation, long nanos) {
    String name = caller();
    names.put(operation.outputs().get(0), name);
    Cost cost = costs.computeIfAbsent(name, unused -> new Cost());
    cost.calls++;
    cost.forward += nanos;
    cost.bytes += bytes(operation);
    cost.flops += flops(name, operation);
  }

  @Override
  public void differentiated(Tape.Operation operation, long nanos) {
    String name = names.getOrDefault(operation.outputs().get(0), "other");
    Cost cost = costs.computeIfAbsent(name, unused -> new Cost());
    cost.backward += nanos;
    // What was read is read again, and of everything read or written there is a gradient.
    cost.bytes += 2 * bytes(operation);
    cost.flops += 2 * flops(name, operation);
  }

  /** Forgets which operation a step's variables came from, not what they cost. */
  void endStep() {
    names.clear();
  }

  private static String caller() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .map(frame -> simple(frame.getClassName()) + "." + method(frame))
                    .filter(name -> !THROUGH.contains(name.substring(0, name.indexOf('.'))))
                    .findFirst()
                    .orElse("other"));
  }

  private static String simple(String type) {
    String name = type.substring(type.lastIndexOf('.') + 1);
    int inner = name.indexOf('$');
    return inner < 0 ? name : name.substring(0, inner);
  }

  private static String method(StackWalker.StackFrame frame) {
    String name = frame.getMethodName();
    if (name.startsWith("lambda$")) {
      return name.substring("lambda$".length(), name.lastIndexOf('$'));
    }
    return frame.getClassName().endsWith("Dense$Product") ? "linear" : name;
  }

  private static double bytes(Tape.Operation operation) {
    double bytes = 0;
    List<Variable> all = new ArrayList<>(operation.inputs());
    all.addAll(operation.outputs());
    for (Variable variable : all) {
      bytes += (double) variable.value().length() * variable.type().width();
    }
    return bytes;
  }

  /** Of the products of an operation's forward pass; the backward pass has twice as many. */
  private static double flops(String name, Tape.Operation operation) {
    return switch (name) {
      case LINEAR -> linear(operation.inputs().get(0), operation.inputs().get(1));
      case ATTENTION -> attention(operation.inputs().get(0), operation.outputs().get(0));
      default -> 0;
    };
  }

  /** Twice the weights per row. */
  private static double linear(Variable x, Variable weight) {
    double rows = (double) x.value().length() / x.size(-1);
    return 2 * rows * weight.value().length();
  }

  /**
   * Causal attention of whole sequences {@code [B, T, H, ...]}: each query meets half of the keys
   * on average, once for its logits and once for its output.
   */
  private static double attention(Variable q, Variable y) {
    double pairs = (double) q.size(0) * q.size(2) * q.size(1) * (q.size(1) + 1) / 2;
    return 2 * pairs * (q.size(3) + y.size(3));
  }

  /**
   * The table, the most expensive first.
   *
   * @param steps that were observed
   * @param seconds of all of them, with what is on no tape
   * @param flopsPerSecond of the machine's matrix products
   * @param bytesPerSecond of the machine's memory
   */
  ResultTable table(
      String title, int steps, double seconds, double flopsPerSecond, double bytesPerSecond) {
    ResultTable table =
        new ResultTable(
            "profile",
            title,
            new Column("operation", "operation", "%s"),
            new Column("calls", "calls", "%d"),
            new Column("forwardMillis", "forward ms", "%.2f"),
            new Column("backwardMillis", "backward ms", "%.2f"),
            new Column("share", "share", "%.1f %%"),
            new Column("mebibytes", "MiB", "%.1f"),
            new Column("boundMillis", "bound ms", "%.2f"),
            new Column("overBound", "over bound", "%.1f"));
    double total = seconds * 1e9;
    double onTape = 0;
    List<Map.Entry<String, Cost>> sorted = new ArrayList<>(costs.entrySet());
    sorted.sort(Comparator.comparingLong(entry -> -entry.getValue().nanos()));
    for (Map.Entry<String, Cost> entry : sorted) {
      Cost cost = entry.getValue();
      double bound = 1e9 * Math.max(cost.bytes / bytesPerSecond, cost.flops / flopsPerSecond);
      onTape += cost.nanos();
      table.add(
          entry.getKey(),
          cost.calls / steps,
          cost.forward * MILLIS / steps,
          cost.backward * MILLIS / steps,
          100 * cost.nanos() / total,
          cost.bytes / steps / MEBIBYTE,
          bound * MILLIS / steps,
          cost.nanos() / bound);
    }
    table.add(
        "not on a tape",
        1L,
        (total - onTape) * MILLIS / steps,
        Double.NaN,
        100 * (total - onTape) / total,
        Double.NaN,
        Double.NaN,
        Double.NaN);
    return table;
  }
}
