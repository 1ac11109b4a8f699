package io.sequencezoo.core.dynamics.attention;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One stretch of attention as one entry of the tape. */
final class BlockwiseAttention {
  private BlockwiseAttention() {}

  /**
   * What a stretch reads, as variables.
   *
   * @param heldK keys of the state, or null where it is empty; heldV and heldG alike
   * @param g log forget gates {@code [B, T, HQ]}, or null
   * @param sink {@code [HQ]}, or null
   * @param dropout or null for none
   */
  record Sources(
      Variable q,
      Variable k,
      Variable v,
      Variable heldK,
      Variable heldV,
      Variable g,
      Variable heldG,
      Variable sink,
      DropMask dropout) {}

  /** The outputs {@code [B, T, HQ, V]}. */
  static Variable apply(Tape tape, Span span, Sources from) {
    return apply(Precision.of(from.k.type()), tape, span, from);
  }

  private static <A> Variable apply(Precision<A> precision, Tape tape, Span span, Sources from) {
    AttentionShape shape = span.shape();
    INDArray y =
        tape.allocate(
            from.q.type(), shape.batch(), shape.steps(), shape.queryHeads(), shape.valueDim());
    INDArray logSums =
        tape.allocate(from.q.type(), shape.batch(), shape.queryHeads(), shape.steps());
    Operands<A> operands =
        new Operands<>(
            precision.slab(from.q.value()),
            precision.slab(from.k.value()),
            precision.slab(from.v.value()),
            held(precision, from.heldK),
            held(precision, from.heldV),
            from.g == null ? null : precision.slab(from.g.value()),
            held(precision, from.heldG),
            sinks(from.sink),
            from.dropout);
    Slab<A> out = precision.slab(y);
    Slab<A> sums = precision.slab(logSums);
    new BlockwiseForward<>(precision, span, operands, out, sums).run();
    return tape.record(
        y,
        cotangents ->
            new BlockwiseBackward<>(
                    precision,
                    span,
                    new BlockwiseBackward.Inputs<>(
                        operands, out, sums, precision.slab(cotangents.output(0))),
                    gradients(precision, cotangents))
                .run(),
        from.q,
        from.k,
        from.v,
        from.heldK,
        from.heldV,
        from.g,
        from.heldG,
        from.sink);
  }

  private static <A> Slab<A> held(Precision<A> precision, Variable held) {
    return held == null ? null : precision.slab(KeyValueCache.contiguous(held.value()));
  }

  /** The sinks' logits, or null where there are none. */
  static double[] sinks(Variable sink) {
    return sink == null ? null : sink.value().dup('c').data().asDouble();
  }

  private static <A> BlockwiseBackward.Gradients<A> gradients(
      Precision<A> precision, Cotangents cotangents) {
    return new BlockwiseBackward.Gradients<>(
        Target.of(precision, cotangents, 0),
        Target.of(precision, cotangents, 1),
        Target.of(precision, cotangents, 2),
        Target.of(precision, cotangents, 3),
        Target.of(precision, cotangents, 4),
        Target.of(precision, cotangents, 5),
        Target.of(precision, cotangents, 6),
        Target.of(precision, cotangents, 7));
  }
}
