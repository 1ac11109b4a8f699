package io.sequencezoo.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.contract.Attempt;
import io.sequencezoo.core.contract.KernelRun;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.models.AttackInput.Values;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Every registered block on inputs that nobody meant: NaN, infinities, huge and tiny numbers, views
 * of every layout, no rows and no steps, wrong widths, tokens that aren't; and on several threads
 * at once. Each is refused in one line, or gives what a plain copy of the input gives, to the bit,
 * and leaves the input as it was. {@code mvn verify -Pfuzz} tries more; {@code -Dzoo.test.seed}
 * tries others.
 */
class AttackTest {
  private static final long SEED = Long.getLong("zoo.test.seed", 20261128L);
  private static final int THREADS = 4;

  /** Of inputs drawn one after the other, far fewer. */
  private static final int MOST_REFUSALS = 40;

  private final Map<String, String> faults = new LinkedHashMap<>();
  private int tried;
  private int refused;
  private int threaded;

  @Test
  void someInputs_areRightOrRefused() throws Exception {
    attack(3);
  }

  @Test
  @Tag("fuzz")
  void inputs_areRightOrRefused() throws Exception {
    attack(40);
  }

  private void attack(int rounds) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      for (BlockConfig config : examples()) {
        for (DataType type : KernelRun.types()) {
          AttackSubject subject = AttackSubject.of(config, type);
          SplittableRandom random = new SplittableRandom(SEED + config.toString().hashCode());
          for (int round = 0; round < rounds; round++) {
            AttackInput input = AttackInput.draw(subject, random);
            judge(type + " " + config + ": " + input, () -> attack(subject, input));
          }
          judge(type + " " + config + ": threads", () -> race(subject, random, threads));
        }
      }
    } finally {
      threads.shutdown();
    }
    System.out.printf(
        "attack: %d inputs, %d refused; %d runs on %d threads at once%n",
        tried, refused, threaded, THREADS);
    assertThat(faults).as("%s faults of %s, seed %s", faults.size(), tried, SEED).isEmpty();
    assertThat(refused).as("refused").isBetween(tried / 50, tried / 2);
  }

  private static List<BlockConfig> examples() {
    List<BlockConfig> examples = new ArrayList<>();
    Registry.get().entries().values().forEach(entry -> examples.addAll(entry.examples()));
    return examples;
  }

  private void judge(String what, Attempt attempt) {
    try {
      Attempt.fault(attempt).ifPresent(fault -> faults.put(what, fault));
    } catch (AssertionError e) {
      faults.put(what, e.getMessage());
    }
  }

  private void attack(AttackSubject subject, AttackInput input) {
    tried++;
    List<INDArray> expected = new ArrayList<>();
    Optional<String> refusal = run(() -> expected.addAll(subject.everything(input.plain())));
    List<INDArray> actual = new ArrayList<>();
    Optional<String> again = run(() -> actual.addAll(subject.everything(input)));
    input.assertUntouched();
    assertThat(again).as("refusal, as of a plain copy").isEqualTo(refusal);
    if (refusal.isPresent()) {
      refused++;
      assertThat(input.mustBeRefused()).as("refused: %s", refusal.get()).isTrue();
      return;
    }
    assertThat(input.mustBeRefused()).as("taken without a word").isFalse();
    assertSame("a view", actual, expected);
    INDArray y = expected.get(0);
    if (input.values() == Values.ORDINARY) {
      assertThat(isFinite(y)).as("outputs of ordinary numbers are finite").isTrue();
    }
    if (input.rows() > 1 && input.values() != Values.ORDINARY && !subject.takesTokens()) {
      // What the first row holds is nothing to the others.
      INDArray clean = subject.everything(input.withFirstRowOrdinary()).get(0);
      for (int row = 1; row < input.rows(); row++) {
        double[] actualRow = row(y, row, input.rows());
        assertThat(Arrays.equals(actualRow, row(clean, row, input.rows())))
            .as("row %s is the same to the bit whatever the first holds", row)
            .isTrue();
      }
    }
  }

  /** Runs; the message where it is refused. */
  private static Optional<String> run(Runnable body) {
    try {
      body.run();
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      Optional<String> fault =
          Attempt.fault(
              () -> {
                throw e;
              });
      assertThat(fault).as("how it is refused").isEmpty();
      return Optional.of(e.getMessage());
    }
  }

  private void race(AttackSubject subject, SplittableRandom random, ExecutorService threads)
      throws Exception {
    List<AttackInput> inputs = new ArrayList<>();
    List<List<INDArray>> expected = new ArrayList<>();
    List<String> refusals = new ArrayList<>();
    while (inputs.size() < THREADS && refusals.size() < MOST_REFUSALS) {
      AttackInput input = AttackInput.draw(subject, random);
      run(() -> expected.add(subject.outputs(input)))
          .ifPresentOrElse(refusals::add, () -> inputs.add(input));
    }
    assertThat(inputs).as("inputs that are taken beside %s", refusals).hasSize(THREADS);
    List<Future<List<INDArray>>> running = new ArrayList<>();
    for (AttackInput input : inputs) {
      Callable<List<INDArray>> body = () -> subject.outputs(input);
      running.add(threads.submit(body));
    }
    for (int i = 0; i < THREADS; i++) {
      threaded++;
      assertSame("beside others: " + inputs.get(i), running.get(i).get(), expected.get(i));
    }
  }

  private static void assertSame(String what, List<INDArray> actual, List<INDArray> expected) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i).shape()).as(what).containsExactly(expected.get(i).shape());
      assertThat(Arrays.equals(values(actual.get(i)), values(expected.get(i))))
          .as("%s: result %s is the same to the bit", what, i)
          .isTrue();
    }
  }

  private static double[] row(INDArray y, int row, int rows) {
    double[] all = values(y);
    int length = all.length / rows;
    return Arrays.copyOfRange(all, row * length, (row + 1) * length);
  }

  private static boolean isFinite(INDArray y) {
    return Arrays.stream(values(y)).allMatch(Double::isFinite);
  }

  private static double[] values(INDArray array) {
    return array.isEmpty() ? new double[0] : array.dup('c').data().asDouble();
  }
}
