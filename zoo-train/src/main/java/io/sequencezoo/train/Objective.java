package io.sequencezoo.train;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What training minimises: a loss of a model on a batch.
 *
 * @param <B> the type of batch
 */
@FunctionalInterface
public interface Objective<B> {
  /** Evaluates the model on the context's tape; for training and validation alike. */
  Loss loss(Context context, B batch);

  /**
   * A loss that is a mean over things that count, so that means over batches can be joined exactly.
   *
   * @param mean a scalar, the mean over {@code count} tokens
   * @param count the number of tokens, or other units, that the mean is over
   * @param auxiliary losses of blocks by path, before their weights
   */
  record Loss(Variable mean, long count, Map<String, Double> auxiliary) {
    /** Copies the map. */
    public Loss {
      auxiliary = Collections.unmodifiableMap(new LinkedHashMap<>(auxiliary));
    }

    /** A loss of blocks that have none of their own. */
    public Loss(Variable mean, long count) {
      this(mean, count, Map.of());
    }

    /**
     * An objective's own loss, with those that blocks added while it was evaluated: {@code mean +
     * sum_i weight_i loss_i} in training. Validation reports them, but selects without them.
     */
    public static Loss of(Context context, Variable mean, long count) {
      Variable sum = mean;
      Map<String, Double> auxiliary = new LinkedHashMap<>();
      for (Map.Entry<String, Context.AuxiliaryLoss> loss : context.losses().entrySet()) {
        Context.AuxiliaryLoss own = loss.getValue();
        auxiliary.put(loss.getKey(), own.value().value().getDouble(0));
        if (context.isTraining()) {
          Variable scaled =
              Primitives.affine(
                  context.tape(),
                  own.weight(),
                  Primitives.reshape(context.tape(), own.value(), mean.shape()),
                  0);
          sum = Primitives.add(context.tape(), sum, scaled);
        }
      }
      return new Loss(sum, count, auxiliary);
    }
  }
}
