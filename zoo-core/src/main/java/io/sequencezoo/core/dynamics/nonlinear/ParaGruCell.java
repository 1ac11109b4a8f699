package io.sequencezoo.core.dynamics.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gated recurrent unit with diagonal recurrent weights (ParaGRU; Danieli et al., arXiv
 * 2510.21450): every channel is a system of its own.
 *
 * <pre>{@code
 * z = σ(a_z h + x_z)      r = σ(a_r h + x_r)
 * c = tanh(a_c (h r) + x_c)                        the reset comes before a_c
 * h' = (1 - z) h + z c
 * ∂h'/∂h = (1 - z) + (c - h) z (1 - z) a_z + z (1 - c²) a_c (r + h r (1 - r) a_r)
 * }</pre>
 *
 * <ul>
 *   <li>{@code x}: {@code [B, T, 3 N]} pre-activations from the input, biases included; z, r, c
 *   <li>{@code a}: {@code [3, N]}, the diagonals in the same order
 *   <li>{@code h}: {@code [B, N]} state
 * </ul>
 */
public final class ParaGruCell implements Cell {
  /** The parameter {@code a [3, N]}. */
  public static final String DIAGONAL = "a";

  /** The state {@code h [B, N]}. */
  public static final String HIDDEN = "h";

  private static final int GATES = 3;

  @Override
  public String name() {
    return "para_gru";
  }

  @Override
  public List<String> parameters() {
    return List.of(DIAGONAL);
  }

  @Override
  public CellShape shape(int inputSize, Map<String, INDArray> parameters) {
    int n = Gates.width("para_gru", inputSize, GATES);
    Gates.check("para_gru", DIAGONAL, parameters.get(DIAGONAL), GATES, n);
    return new CellShape(
        JacobianStructure.DIAGONAL,
        1,
        n,
        GATES,
        n,
        List.of(new CellShape.Part(HIDDEN, n)),
        0,
        true);
  }

  @Override
  public <A> CellKernel<A> bind(
      Precision<A> precision,
      CellShape shape,
      List<INDArray> parameters,
      int from,
      int to,
      Scratch<A> scratch) {
    return new Kernel<>(precision, shape, parameters, from, to, scratch);
  }

  @Override
  public Sequential sequential() {
    return ParaScan::scan;
  }

  /** Runs of some positions of all channels; each is one call. */
  private static final class Kernel<A> implements CellKernel<A> {
    private final Kernels<A> k;
    private final Gates<A> gates;

    /** The Jacobians of a run that only wants the next state. */
    private final Planes<A> unused;

    Kernel(
        Precision<A> precision,
        CellShape shape,
        List<INDArray> parameters,
        int from,
        int to,
        Scratch<A> scratch) {
      checkArgument(from < to, "para_gru: channels must not be empty, got %s to %s", from, to);
      this.k = precision.kernels();
      this.gates = new Gates<>(precision, parameters, shape.width(), from, to, scratch);
      this.unused = Planes.take(scratch, gates.rows(), 1, gates.width());
    }

    @Override
    public void next(int n, Planes<A> h, int ht, Planes<A> x, int xt, Planes<A> next, int nt) {
      for (int done = 0; done < n; done += gates.rows()) {
        int rows = Math.min(gates.rows(), n - done);
        run(rows, h, ht + done, x, xt + done, next, nt + done, unused, 0);
      }
    }

    @Override
    public void linearise(
        int n,
        Planes<A> h,
        int ht,
        Planes<A> x,
        int xt,
        Planes<A> next,
        int nt,
        Planes<A> jacobian,
        int jt) {
      for (int done = 0; done < n; done += gates.rows()) {
        int rows = Math.min(gates.rows(), n - done);
        run(rows, h, ht + done, x, xt + done, next, nt + done, jacobian, jt + done);
      }
    }

    private void run(
        int rows,
        Planes<A> h,
        int ht,
        Planes<A> x,
        int xt,
        Planes<A> next,
        int nt,
        Planes<A> jacobian,
        int jt) {
      k.paraGruLinearise(
          gates.data(),
          gates.run(),
          h.data(),
          h.at(0, ht),
          x.data(),
          x.at(0, xt),
          x.stride(),
          next.data(),
          next.at(0, nt),
          jacobian.data(),
          jacobian.at(0, jt),
          rows * gates.width());
    }

    @Override
    public void pullback(
        int n,
        Planes<A> h,
        int ht,
        Planes<A> x,
        int xt,
        Planes<A> g,
        int gt,
        Planes<A> gx,
        int gxt,
        A parameters) {
      gates.clearSums();
      for (int done = 0; done < n; done += gates.rows()) {
        k.paraGruLocalPullback(
            gates.data(),
            gates.run(),
            h.data(),
            h.at(0, ht + done),
            x.data(),
            x.at(0, xt + done),
            x.stride(),
            g.data(),
            g.at(0, gt + done),
            gx.data(),
            gx.at(0, gxt + done),
            gx.stride(),
            gates.sums(),
            gates.width() * Math.min(gates.rows(), n - done));
      }
      gates.addSums(parameters);
    }
  }
}
