package io.sequencezoo.eval.analysis;

import static com.google.common.base.Preconditions.checkArgument;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.autodiff.Tape;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Interceptor;
import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.models.depth.UniversalTransformer;
import io.sequencezoo.models.model.TokenModel;
import io.sequencezoo.train.Provenance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How many steps every token takes in the stages of a model that repeat: the content of {@code
 * depth.json}.
 *
 * @param schema the version of this layout
 * @param provenance what ran, where
 * @param subject the model, its weights and the input
 * @param labels one per token
 * @param stages those that repeat, from the first to the last
 */
public record DepthResults(
    int schema,
    Provenance provenance,
    JsonNode subject,
    List<String> labels,
    List<StageDepth> stages) {
  /** The current version of the layout. */
  public static final int SCHEMA = 1;

  private static final String PLACE = "." + UniversalTransformer.DEPTH;

  /**
   * The steps in one stage.
   *
   * @param stage its path
   * @param steps one per token
   */
  public record StageDepth(String stage, double[] steps) {
    /** The mean over tokens. */
    public double mean() {
      return Arrays.stream(steps).average().orElse(0);
    }
  }

  /** Copies the lists. */
  public DepthResults {
    labels = List.copyOf(labels);
    stages = List.copyOf(stages);
  }

  /**
   * Runs a model over tokens.
   *
   * @throws IllegalArgumentException where no stage of it repeats
   */
  public static DepthResults of(
      DepthSubject subject,
      TokenModel model,
      Parameters parameters,
      int[] tokens,
      List<String> labels) {
    List<StageDepth> stages = new ArrayList<>();
    Interceptor watch =
        (place, x, inner) -> {
          Variable y = inner.apply(x);
          if (place.endsWith(PLACE)) {
            String stage = place.substring(0, place.length() - PLACE.length());
            stages.add(new StageDepth(stage, steps(y.value())));
          }
          return y;
        };
    try (Tape tape = Tape.inference()) {
      Context context = Context.inference(tape, parameters).intercepted(watch);
      model.forward(context, Nd4j.createFromArray(new int[][] {tokens}));
    }
    checkArgument(
        !stages.isEmpty(),
        "describe: --depth needs a model with a stage of type %s, got one without; train one",
        subject.name());
    String hash = Hashing.sha256().hashString(Arrays.toString(tokens), UTF_8).toString();
    return new DepthResults(
        SCHEMA,
        Provenance.current(subject, hash),
        Configs.json().valueToTree(subject),
        labels,
        stages);
  }

  /** The steps {@code [1, T, 1]}, one per token. */
  private static double[] steps(INDArray all) {
    return IntStream.range(0, (int) all.size(1)).mapToDouble(t -> all.getDouble(0, t, 0)).toArray();
  }
}
