package io.sequencezoo.core.dynamics.nonlinear;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The arithmetic of a {@link TapeCell}: every call is one evaluation on a tape of its own. For the
 * Jacobian the positions are repeated, once for each pullback that its structure needs, so that one
 * backward pass gives all of them.
 */
record TapeKernel<A>(
    String name,
    CellFunction function,
    Precision<A> precision,
    CellShape shape,
    List<String> names,
    List<INDArray> values)
    implements CellKernel<A> {
  /** How often a position is evaluated for its Jacobian. */
  static int repeats(CellShape shape) {
    return shape.structure() == JacobianStructure.DENSE ? shape.width() : shape.blocks();
  }

  @Override
  public void next(int n, Planes<A> h, Planes<A> x, Planes<A> next) {
    try (Tape tape = Tape.inference()) {
      Variable states = tape.constant(rows(tape, h, n, 1));
      Variable drive = tape.constant(rows(tape, x, n, 1));
      Variable out = step(tape, states, drive, constants(tape));
      next.loadRows(precision, precision.slab(out.value()), 0, 0, n);
    }
  }

  @Override
  public void linearise(int n, Planes<A> h, Planes<A> x, Planes<A> next, Planes<A> jacobian) {
    int repeats = repeats(shape);
    int d = shape.stateSize();
    try (Tape tape = Tape.training()) {
      Variable states = tape.variable(rows(tape, h, n, repeats));
      Variable drive = tape.constant(rows(tape, x, n, repeats));
      Variable out = step(tape, states, drive, constants(tape));
      next.loadRows(precision, precision.slab(out.value()), 0, 0, n);
      tape.backward(List.of(out), List.of(seeds(tape, n, repeats)));
      INDArray gradient = states.gradient();
      if (gradient == null) {
        jacobian.clear(precision.kernels(), 0, n);
        return;
      }
      Slab<A> slab = precision.slab(gradient);
      if (shape.structure() == JacobianStructure.DENSE) {
        for (int i = 0; i < d; i++) {
          for (int r = 0; r < n; r++) {
            slab.load(((long) i * n + r) * d, jacobian.data(), jacobian.at(0, r) + i * d, d);
          }
        }
        return;
      }
      int blocks = shape.blocks();
      for (int i = 0; i < blocks; i++) {
        Planes<A> row =
            new Planes<>(
                jacobian.data(),
                jacobian.at(i * blocks, 0),
                jacobian.positions(),
                blocks,
                jacobian.width());
        row.loadRows(precision, slab, (long) i * n * d, 0, n);
      }
    }
  }

  /** Cotangents: for repeat i ones in plane i, or in number i where the Jacobian is dense. */
  private INDArray seeds(Tape tape, int n, int repeats) {
    int d = shape.stateSize();
    int run = d / repeats;
    INDArray seeds = tape.zeros(precision.type(), (long) repeats * n, d);
    Slab<A> slab = precision.slab(seeds);
    try (Scratch<A> scratch = precision.scratch()) {
      A ones = scratch.take(run);
      precision.kernels().fill(ones, 0, run, 1);
      for (int i = 0; i < repeats; i++) {
        for (int r = 0; r < n; r++) {
          slab.store(((long) i * n + r) * d + (long) i * run, ones, 0, run);
        }
      }
    }
    return seeds;
  }

  @Override
  public void pullback(int n, Planes<A> h, Planes<A> x, Planes<A> g, Planes<A> gx, A parameters) {
    try (Tape tape = Tape.training()) {
      Variable states = tape.constant(rows(tape, h, n, 1));
      Variable drive = tape.variable(rows(tape, x, n, 1));
      Map<String, Variable> theta = new LinkedHashMap<>();
      for (int i = 0; i < names.size(); i++) {
        theta.put(names.get(i), tape.variable(values.get(i)));
      }
      Variable out = step(tape, states, drive, theta);
      tape.backward(List.of(out), List.of(rows(tape, g, n, 1)));
      if (drive.gradient() == null) {
        precision.kernels().fill(gx.data(), gx.at(0, 0), n * gx.width(), 0);
      } else {
        gx.loadRows(precision, precision.slab(drive.gradient()), 0, 0, n);
      }
      int at = 0;
      for (int i = 0; i < names.size(); i++) {
        add(theta.get(names.get(i)).gradient(), parameters, at);
        at += (int) values.get(i).length();
      }
    }
  }

  private void add(INDArray gradient, A into, int at) {
    if (gradient == null) {
      return;
    }
    int n = (int) gradient.length();
    try (Scratch<A> scratch = precision.scratch()) {
      A values = scratch.take(n);
      precision.slab(gradient).load(0, values, 0, n);
      precision.kernels().add(into, at, values, 0, into, at, n);
    }
  }

  private Variable step(Tape tape, Variable h, Variable x, Map<String, Variable> theta) {
    Variable out = function.step(tape, h, x, theta);
    checkArgument(
        Arrays.equals(out.shape(), h.shape()) && out.type() == h.type(),
        "cell %s: step must return states [N, d] like h, %s %s, got %s %s",
        name,
        h.type(),
        Arrays.toString(h.shape()),
        out.type(),
        Arrays.toString(out.shape()));
    return out;
  }

  private Map<String, Variable> constants(Tape tape) {
    Map<String, Variable> theta = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      theta.put(names.get(i), tape.constant(values.get(i)));
    }
    return theta;
  }

  /** Positions as rows, the whole some times over. */
  private INDArray rows(Tape tape, Planes<A> planes, int n, int times) {
    int size = planes.count() * planes.width();
    INDArray rows = tape.allocate(precision.type(), (long) times * n, size);
    Slab<A> slab = precision.slab(rows);
    for (int i = 0; i < times; i++) {
      planes.storeRows(precision, slab, (long) i * n * size, 0, n);
    }
    return rows;
  }
}
