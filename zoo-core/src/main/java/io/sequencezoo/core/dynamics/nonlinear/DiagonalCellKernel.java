package io.sequencezoo.core.dynamics.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.DiagonalCell;
import io.sequencezoo.core.kernel.Kernels;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs of some positions of all channels; each is one call. */
final class DiagonalCellKernel<A> implements CellKernel<A> {
  private final DiagonalCell kind;
  private final Kernels<A> k;
  private final Gates<A> gates;

  /** The Jacobians of a run that only wants the next state. */
  private final Planes<A> unused;

  DiagonalCellKernel(
      DiagonalCell kind,
      Precision<A> precision,
      CellShape shape,
      List<INDArray> parameters,
      int from,
      int to,
      Scratch<A> scratch) {
    checkArgument(from < to, "cell: channels must not be empty, got %s to %s", from, to);
    this.kind = kind;
    this.k = precision.kernels();
    this.gates = new Gates<>(precision, parameters, shape.width(), from, to, scratch);
    this.unused = Planes.take(scratch, gates.rows(), shape.jacobianPlanes(), gates.width());
  }

  @Override
  public void next(int n, Planes<A> h, Planes<A> x, Planes<A> next) {
    for (int done = 0; done < n; done += gates.rows()) {
      run(n, done, h, x, next, unused, 0);
    }
  }

  @Override
  public void linearise(int n, Planes<A> h, Planes<A> x, Planes<A> next, Planes<A> jacobian) {
    for (int done = 0; done < n; done += gates.rows()) {
      run(n, done, h, x, next, jacobian, done);
    }
  }

  private void run(
      int n, int done, Planes<A> h, Planes<A> x, Planes<A> next, Planes<A> jacobian, int jt) {
    k.diagonalLinearise(
        kind,
        gates.data(),
        gates.run(),
        h.strided(done),
        x.strided(done),
        next.strided(done),
        jacobian.strided(jt),
        gates.width() * Math.min(gates.rows(), n - done));
  }

  @Override
  public void pullback(int n, Planes<A> h, Planes<A> x, Planes<A> g, Planes<A> gx, A parameters) {
    gates.clearSums();
    for (int done = 0; done < n; done += gates.rows()) {
      k.diagonalPullback(
          kind,
          gates.data(),
          gates.run(),
          h.strided(done),
          x.strided(done),
          g.strided(done),
          gx.strided(done),
          gates.sums(),
          gates.width() * Math.min(gates.rows(), n - done));
    }
    gates.addSums(parameters);
  }
}
