package io.sequencezoo.models.channel;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.block.Initialisers;
import io.sequencezoo.core.registry.MixerConfig;

/**
 * The sizes and first values that all channel mixers share.
 *
 * @param width D
 * @param hidden F
 * @param bias whether linear maps have biases
 * @param initStd standard deviation of weights
 * @param residualInitStd standard deviation of the last map's weights
 */
record ChannelShape(int width, int hidden, boolean bias, double initStd, double residualInitStd) {

  static ChannelShape of(
      String type, MixerConfig.Place place, double expansion, boolean bias, double initStd) {
    long hidden = Math.round(place.width() * expansion);
    checkArgument(
        hidden >= 1 && hidden <= Integer.MAX_VALUE / Math.max(1, place.width()),
        "%s: expansion %s of width %s must give a usable hidden width, got %s",
        type,
        expansion,
        place.width(),
        hidden);
    // Every layer adds two branches to the residual stream, whose variance then stays as it is
    // (GPT-2, section 2.3).
    double residual = initStd / Math.sqrt(2.0 * place.layers());
    return new ChannelShape(place.width(), (int) hidden, bias, initStd, residual);
  }

  static void check(String type, double expansion, double initStd) {
    checkArgument(
        expansion > 0 && expansion < Double.POSITIVE_INFINITY,
        "%s: expansion must be positive, got %s",
        type,
        expansion);
    checkArgument(
        initStd >= 0 && initStd < Double.POSITIVE_INFINITY,
        "%s: initStd must not be negative, got %s",
        type,
        initStd);
  }

  /** A map from the width to the hidden width. */
  void declareIn(Declaration declaration) {
    declare(declaration, Initialisers.normal(initStd), width, hidden);
  }

  /** The map from the hidden width back to the width. */
  void declareOut(Declaration declaration) {
    declare(declaration, Initialisers.normal(residualInitStd), hidden, width);
  }

  private void declare(Declaration declaration, Initialiser initialiser, int in, int out) {
    declaration.weight("weight", initialiser, in, out);
    if (bias) {
      declaration.undecayed("bias", Initialisers.zeros(), out);
    }
  }
}
