package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.kernel.Precision;
import io.sequencezoo.core.kernel.Replay;
import io.sequencezoo.core.kernel.Scratch;
import io.sequencezoo.core.kernel.Slab;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Continues prompts token by token. Each token takes one {@link Model#step}, on one tape that
 * starts over.
 */
public final class Generator {
  /** SplitMix64's increment, to give rows streams that differ in all bits. */
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  /**
   * Steps after which a model's steps count as such that can't be repeated; the first make room.
   */
  private static final int TRIES = 3;

  private final TokenModel model;
  private final Parameters parameters;

  /** A generator with these parameters. */
  public Generator(TokenModel model, Parameters parameters) {
    this.model = model;
    this.parameters = parameters;
  }

  /** Hears of every token as it is chosen. */
  @FunctionalInterface
  public interface Listener {
    /** Row {@code row} continues with {@code token}, its {@code index}-th new one from 0. */
    void token(int row, int index, int token);
  }

  /** Continues one prompt. */
  public int[] generate(int[] prompt, Sampling sampling) {
    return generate(List.of(prompt), sampling, (row, index, token) -> {}).get(0);
  }

  /**
   * Continues prompts of any lengths together; a row's tokens don't depend on the other rows. A row
   * that has ended leaves the batch.
   *
   * @return the new tokens of each row, the stop token included
   */
  public List<int[]> generate(List<int[]> prompts, Sampling sampling, Listener listener) {
    checkPrompts(prompts);
    List<Row> rows = new ArrayList<>();
    for (int b = 0; b < prompts.size(); b++) {
      rows.add(new Row(b, sampling));
    }
    if (rows.isEmpty() || sampling.maxTokens() == 0) {
      return rows.stream().map(Row::tokens).toList();
    }
    Choice choice = new Choice(new Sampler(sampling), listener);
    StateKeeper keeper = new StateKeeper();
    try (Tape tape = Tape.inference()) {
      Context context =
          Context.inference(tape, parameters)
              .withLengths(prompts.stream().mapToInt(prompt -> prompt.length).toArray());
      Evolution output = model.prefill(context, padded(prompts), null);
      choice.take(rows, output.outputs().value());
      keeper.keep(output.state());
    }
    proceed(keepGoing(rows, keeper), keeper, choice);
    return rows.stream().map(Row::tokens).toList();
  }

  /** Takes one step after the other until every row has ended. */
  private void proceed(List<Row> rows, StateKeeper keeper, Choice choice) {
    List<Row> active = rows;
    try (Tape tape = Tape.stepping()) {
      Context context = Context.inference(tape, parameters);
      while (!active.isEmpty()) {
        Steps steps = new Steps(context, active.size());
        List<Row> going = active;
        while (going.equals(active)) {
          choice.take(active, steps.next(active, keeper));
          going = noneDone(active) ? active : steps.end(active, keeper);
        }
        active = going;
        context.startOver();
      }
    }
  }

  /**
   * The steps of a number of rows that stays. One is put together by the model's code; where
   * nothing in it depends on numbers but by kernels, the next ones are its kernels alone.
   */
  private final class Steps {
    private final Context context;
    private final INDArray tokens;
    private @Nullable Replay replay;
    private @Nullable INDArray scores;
    private int spoilt;

    Steps(Context context, int rows) {
      this.context = context;
      this.tokens = Nd4j.create(DataType.INT32, rows, 1);
    }

    /** The scores of the next tokens, once the state is kept. */
    INDArray next(List<Row> rows, StateKeeper keeper) {
      for (int b = 0; b < rows.size(); b++) {
        tokens.data().put(b, rows.get(b).last);
      }
      if (scores != null && replay != null && replay.isRepeatable()) {
        replay.run();
        return scores;
      }
      if (scores != null) {
        grow(keeper);
        context.startOver();
      }
      if (context.tape().isObserved() || spoilt == TRIES) {
        return step(keeper);
      }
      Replay recorded = Replay.record();
      replay = recorded;
      INDArray next;
      try {
        keeper.count();
        next = step(keeper);
      } finally {
        recorded.end();
      }
      spoilt = recorded.isRepeatable() ? 0 : spoilt + 1;
      return next;
    }

    /** The rows that go on, once their states alone are kept. */
    List<Row> end(List<Row> rows, StateKeeper keeper) {
      grow(keeper);
      return keepGoing(rows, keeper);
    }

    private void grow(StateKeeper keeper) {
      if (replay != null) {
        keeper.grown(replay);
        replay = null;
      }
    }

    private INDArray step(StateKeeper keeper) {
      Evolution output = model.step(context, tokens, keeper.state());
      INDArray next = output.outputs().operand();
      scores = next;
      keeper.keep(output.state());
      return next;
    }
  }

  /** The rows that haven't ended, which alone keep their states. */
  private static List<Row> keepGoing(List<Row> rows, StateKeeper keeper) {
    if (noneDone(rows)) {
      return rows;
    }
    int[] going = IntStream.range(0, rows.size()).filter(b -> !rows.get(b).done).toArray();
    if (going.length > 0) {
      keeper.keepRows(going);
    }
    return Arrays.stream(going).mapToObj(rows::get).toList();
  }

  private static boolean noneDone(List<Row> rows) {
    for (Row row : rows) {
      if (row.done) {
        return false;
      }
    }
    return true;
  }

  private void checkPrompts(List<int[]> prompts) {
    for (int b = 0; b < prompts.size(); b++) {
      checkArgument(
          prompts.get(b).length > 0, "generate: prompt %s must have at least one token", b);
      for (int token : prompts.get(b)) {
        checkArgument(
            token >= 0 && token < model.vocabulary(),
            "generate: tokens of prompt %s must be in [0, %s), got %s",
            b,
            model.vocabulary(),
            token);
      }
    }
  }

  private static INDArray padded(List<int[]> prompts) {
    int steps = prompts.stream().mapToInt(prompt -> prompt.length).max().orElse(0);
    int[][] ids = new int[prompts.size()][];
    for (int b = 0; b < ids.length; b++) {
      ids[b] = Arrays.copyOf(prompts.get(b), steps);
    }
    return Nd4j.createFromArray(ids);
  }

  /** Continues rows by their logits. */
  private static final class Choice {
    private final Sampler sampler;
    private final Listener listener;
    private double[] logits = {};

    Choice(Sampler sampler, Listener listener) {
      this.sampler = sampler;
      this.listener = listener;
    }

    /** Continues every row by its row of {@code [B, V]}. */
    void take(List<Row> rows, INDArray scores) {
      take(Precision.of(scores), rows, scores);
    }

    private <A> void take(Precision<A> precision, List<Row> rows, INDArray scores) {
      int vocabulary = (int) scores.size(1);
      if (logits.length != vocabulary) {
        logits = new double[vocabulary];
      }
      Slab<A> slab = precision.slab(scores);
      try (Scratch<A> scratch = precision.scratch()) {
        A own = scratch.take(vocabulary);
        for (int b = 0; b < rows.size(); b++) {
          slab.load((long) b * vocabulary, own, 0, vocabulary);
          precision.kernels().widen(own, 0, logits, 0, vocabulary);
          take(rows.get(b));
        }
      }
    }

    private void take(Row row) {
      int token;
      try {
        token = sampler.choose(logits, row.random);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "generate: row %s, token %s: %s".formatted(row.index, row.count, e.getMessage()), e);
      }
      listener.token(row.index, row.count, token);
      row.append(token);
    }
  }

  /** One prompt's continuation so far. */
  private static final class Row {
    private final int index;
    private final Sampling sampling;
    private final SplittableRandom random;
    private int[] tokens = new int[16];
    private int count;
    private int last;
    private boolean done;

    Row(int index, Sampling sampling) {
      this.index = index;
      this.sampling = sampling;
      this.random = new SplittableRandom(sampling.seed() + index * GAMMA);
    }

    void append(int token) {
      if (count == tokens.length) {
        tokens = Arrays.copyOf(tokens, 2 * count);
      }
      tokens[count++] = token;
      last = token;
      boolean stopped = sampling.stopToken() != null && sampling.stopToken() == token;
      done = stopped || count == sampling.maxTokens();
    }

    int[] tokens() {
      return Arrays.copyOf(tokens, count);
    }
  }
}
