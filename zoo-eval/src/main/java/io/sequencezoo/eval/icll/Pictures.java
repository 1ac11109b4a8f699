package io.sequencezoo.eval.icll;

import com.google.common.collect.ImmutableMap;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.datasets.icll.Problem;
import io.sequencezoo.eval.analysis.Mixing;
import io.sequencezoo.eval.report.Page;
import io.sequencezoo.models.model.Generator;
import io.sequencezoo.models.model.Sampling;
import io.sequencezoo.models.model.TokenModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What a trained model does with a prompt, to look at. */
final class Pictures {
  /** The field of mixing matrices. */
  static final String MIXING = "mixing";

  /** The field of continuations. */
  static final String SAMPLE = "sample";

  /** Positions of a mixing matrix: enough for a few strings, few enough to see. */
  private static final int POSITIONS = 48;

  /** Symbols of a continuation. */
  private static final int SYMBOLS = 40;

  private final TokenModel model;
  private final Parameters parameters;

  Pictures(TokenModel model, Parameters parameters) {
    this.model = model;
    this.parameters = parameters;
  }

  /** All pictures of a prompt, by field. */
  Map<String, Object> of(Problem problem) {
    return ImmutableMap.of(MIXING, mixing(problem), SAMPLE, sample(problem));
  }

  /** The first head of every layer, along the beginning of a prompt. */
  private List<MixingPicture> mixing(Problem problem) {
    int steps = Math.min(POSITIONS, problem.length());
    int[] tokens = Arrays.copyOf(problem.tokens(), steps);
    List<String> labels = new ArrayList<>();
    for (int token : tokens) {
      labels.add(String.valueOf(problem.vocabulary().character(token)));
    }
    List<MixingPicture> pictures = new ArrayList<>();
    INDArray ids = Nd4j.createFromArray(new int[][] {tokens});
    for (int layer = 0; layer < model.mixers().size(); layer++) {
      try (Tape tape = Tape.inference()) {
        Context context = Context.inference(tape, parameters);
        LinearSystem system = model.linearize(context, ids, layer, 0);
        pictures.add(new MixingPicture(layer, 0, labels, Mixing.norms(system)));
      }
    }
    return pictures;
  }

  /**
   * Most of a prompt, and the likeliest symbols after it, each fed back, up to the first that the
   * automaton doesn't allow: after that nothing is allowed any more.
   */
  private Sample sample(Problem problem) {
    int given = Math.max(1, problem.length() * 3 / 4);
    int[] prompt = Arrays.copyOf(problem.tokens(), given);
    int[] written = new Generator(model, parameters).generate(prompt, Sampling.greedy(SYMBOLS));
    Continuation continuation = Continuation.of(problem, given, written);
    List<Page.Symbol> symbols = new ArrayList<>();
    for (Continuation.Step step : continuation.steps()) {
      symbols.add(new Page.Symbol(step.token(), step.isLegal(), step.legal()));
      if (!step.isLegal()) {
        break;
      }
    }
    return new Sample(continuation.given(), symbols);
  }

  /**
   * The mixing matrix of a head along a prompt: how strongly position i takes from position j.
   *
   * @param tokens the prompt
   * @param matrix T rows of T; the norm over channels where a position takes a vector
   */
  record MixingPicture(int layer, int head, List<String> tokens, double[][] matrix) {}

  /**
   * A prompt and what the model says comes next.
   *
   * @param prompt its text
   * @param continuation the likeliest symbols, one after the other, up to the first illegal one
   */
  record Sample(String prompt, List<Page.Symbol> continuation) {}
}
