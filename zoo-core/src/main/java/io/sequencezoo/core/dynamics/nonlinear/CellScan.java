package io.sequencezoo.core.dynamics.nonlinear;

import io.sequencezoo.core.autodiff.Cotangents;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.dynamics.Solver;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A cell over whole sequences as one operation of the tape, with one backward pass for all. */
final class CellScan<A> {
  private final CellProblem<A> problem;
  private final List<Variable> inputs;
  private ConvergenceReport report;

  private CellScan(CellProblem<A> problem, List<Variable> inputs) {
    this.problem = problem;
    this.inputs = inputs;
  }

  /**
   * What a scan gives.
   *
   * @param trajectory all states {@code [B, T, d]}, zero at padded positions
   * @param last {@code [B, d]}
   * @param report of Newton's method; null for the sequential solver
   */
  record Result(Variable trajectory, Variable last, ConvergenceReport report) {}

  static Result scan(
      Tape tape,
      Solver solver,
      NewtonConfig config,
      Cell cell,
      CellShape shape,
      Variable x,
      List<Variable> parameters,
      Variable initial,
      int[] lengths,
      INDArray guess) {
    List<Variable> inputs = new ArrayList<>(List.of(x, initial));
    inputs.addAll(parameters);
    List<INDArray> values = parameters.stream().map(Variable::value).toList();
    return scan(
        tape,
        solver,
        config,
        new CellProblem<>(
            Precision.of(x.type()), cell, shape, x.value(), values, initial.value(), lengths),
        inputs,
        guess);
  }

  private static <A> Result scan(
      Tape tape,
      Solver solver,
      NewtonConfig config,
      CellProblem<A> problem,
      List<Variable> inputs,
      INDArray guess) {
    CellScan<A> scan = new CellScan<>(problem, inputs);
    INDArray trajectory =
        tape.allocate(
            problem.precision().type(),
            problem.batch(),
            problem.steps(),
            problem.shape().stateSize());
    INDArray last =
        tape.allocate(problem.precision().type(), problem.batch(), problem.shape().stateSize());
    if (solver == Solver.NEWTON) {
      scan.report = NewtonSolve.run(problem, config, guess, trajectory, last);
    } else {
      SequentialSolve.run(problem, trajectory, last);
    }
    scan.clearPadding(problem.precision().slab(trajectory));
    Variable[] outputs =
        tape.record(
            new INDArray[] {trajectory, last},
            cotangents -> scan.backward(cotangents, trajectory),
            inputs.toArray(new Variable[0]));
    return new Result(outputs[0], outputs[1], scan.report);
  }

  private void clearPadding(Slab<A> trajectory) {
    int size = problem.shape().stateSize();
    A zeros = problem.precision().kernels().allocate(size);
    for (int row = 0; row < problem.batch(); row++) {
      for (int t = problem.lengths()[row]; t < problem.steps(); t++) {
        trajectory.store(problem.at(row, t) * size, zeros, 0, size);
      }
    }
  }

  private void backward(Cotangents cotangents, INDArray trajectory) {
    Tape tape = cotangents.tape();
    INDArray gx = tape.zeros(problem.precision().type(), problem.x().shape());
    INDArray gInitial = tape.allocate(problem.precision().type(), problem.initial().shape());
    A gradients = problem.precision().kernels().allocate(problem.parameterLength());
    new TransposedSolve<>(problem, trajectory, cotangents.output(0), cotangents.output(1))
        .run(gx, gInitial, gradients);
    cotangents.add(0, gx);
    cotangents.add(1, gInitial);
    int at = 0;
    for (int i = 2; i < inputs.size(); i++) {
      int n = (int) inputs.get(i).length();
      if (cotangents.needs(i)) {
        INDArray gradient = tape.allocate(problem.precision().type(), inputs.get(i).shape());
        problem.precision().slab(gradient).store(0, gradients, at, n);
        cotangents.add(i, gradient);
      }
      at += n;
    }
  }
}
