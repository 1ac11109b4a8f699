package io.sequencezoo.models.model;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.dynamics.LinearSystem;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.registry.FeedForwardConfig;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.residual.Residual;

/** A sequence mixer and, where there is one, a channel mixer, each in a residual branch. */
final class Layer implements Block {
  private static final String MIXER = "mixer";
  private static final String MIXER_NORM = "mixer_norm";
  private static final String CHANNEL = "channel";
  private static final String CHANNEL_NORM = "channel_norm";

  private final SequenceMixer mixer;
  private final Residual mixerBranch;
  private final FeedForward channel;
  private final Residual channelBranch;

  Layer(LanguageModelConfig config, int index) {
    MixerConfig.Place place = new MixerConfig.Place(config.width(), index, config.layers().count());
    this.mixer = config.mixerOf(index).build(place);
    this.mixerBranch = branch(config, place);
    FeedForwardConfig channelConfig = config.channelOf(index);
    this.channel = channelConfig == null ? null : channelConfig.build(place);
    this.channelBranch = channelConfig == null ? null : branch(config, place);
  }

  private static Residual branch(LanguageModelConfig config, MixerConfig.Place place) {
    return new Residual(config.norm().build(place), config.normPlacement(), config.dropout());
  }

  @Override
  public void declare(Declaration declaration) {
    mixerBranch.declare(declaration.child(MIXER_NORM));
    mixer.declare(declaration.child(MIXER));
    if (channel != null) {
      channelBranch.declare(declaration.child(CHANNEL_NORM));
      channel.declare(declaration.child(CHANNEL));
    }
  }

  SequenceMixer mixer() {
    return mixer;
  }

  Context mixerContext(Context context) {
    return context.child(MIXER);
  }

  /** The linear system of the mixer's recurrence along the stream x {@code [1, T, D]}. */
  LinearSystem linearize(Context context, Variable x, int head) {
    Variable inner = mixerBranch.enter(context.child(MIXER_NORM), x);
    return mixer.linearize(mixerContext(context), inner, null, 0, head);
  }

  /** Maps x {@code [B, T, D]}; one token goes by the mixer's step where asked for. */
  Evolution forward(Context context, Variable x, State initial, boolean step) {
    Context norm = context.child(MIXER_NORM);
    Variable inner = mixerBranch.enter(norm, x);
    Evolution mixed =
        step
            ? mixer.step(mixerContext(context), inner, initial)
            : mixer.forward(mixerContext(context), inner, initial);
    Variable y = mixerBranch.leave(norm, x, mixed.outputs());
    if (channel != null) {
      Context channelNorm = context.child(CHANNEL_NORM);
      Variable before = channelBranch.enter(channelNorm, y);
      Variable after = channel.forward(context.child(CHANNEL), before);
      y = channelBranch.leave(channelNorm, y, after);
    }
    return new Evolution(y, mixed.state());
  }
}
