package io.sequencezoo.eval.study;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.ParameterSpec;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.models.model.LayeredConfig;
import org.nd4j.linalg.api.buffer.DataType;

/** What all models of a study have as much of, by their widths. */
public enum Budget {
  /** Nothing: models are as wide as they say. */
  @JsonProperty("none")
  NONE {
    @Override
    long of(LayeredConfig model, int steps) {
      return 0;
    }
  },

  /** Parameters. */
  @JsonProperty("parameters")
  PARAMETERS {
    @Override
    long of(LayeredConfig model, int steps) {
      return parameters(model);
    }
  },

  /** Bytes of state after the longest input. */
  @JsonProperty("state")
  STATE {
    @Override
    long of(LayeredConfig model, int steps) {
      return stateBytes(model, steps);
    }
  };

  private static final double MOST = 4;

  /** A model's share of the budget. */
  abstract long of(LayeredConfig model, int steps);

  /** The number of a model's parameters. */
  static long parameters(LayeredConfig model) {
    Declaration declaration = new Declaration();
    model.build().declare(declaration);
    return declaration.specs().stream().mapToLong(ParameterSpec::length).sum();
  }

  /** Bytes that a model remembers of one row in float after so many tokens. */
  static long stateBytes(LayeredConfig model, int steps) {
    return model.build().stack().stateBytes(steps, DataType.FLOAT);
  }

  /**
   * The model at the width at which it comes nearest to what another one has, up to four times as
   * wide or narrow. Widths that it can't be built at, such as those that heads don't divide, are
   * passed over.
   */
  LayeredConfig match(String name, LayeredConfig model, LayeredConfig to, int steps) {
    if (this == NONE || of(model, steps) == of(to, steps)) {
      return model;
    }
    long wanted = of(to, steps);
    LayeredConfig best = null;
    double least = Double.POSITIVE_INFINITY;
    for (int width = (int) Math.ceil(model.width() / MOST);
        width <= MOST * model.width();
        width++) {
      LayeredConfig other = atWidth(model, width);
      if (other == null) {
        continue;
      }
      double distance = Math.abs(Math.log((double) of(other, steps) / wanted));
      if (distance < least) {
        least = distance;
        best = other;
      }
    }
    checkArgument(best != null, "study: %s must be a model at some width, got none", name);
    return best;
  }

  /** Null where there is no such model. */
  private static LayeredConfig atWidth(LayeredConfig model, int width) {
    try {
      LayeredConfig other = Configs.with(model, "width", width);
      other.build();
      return other;
    } catch (IllegalArgumentException doesNotDivide) {
      return null;
    }
  }
}
