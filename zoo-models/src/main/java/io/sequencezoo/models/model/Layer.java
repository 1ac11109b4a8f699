package io.sequencezoo.models.model;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.autodiff.Primitives;
import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Context;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.SequenceMixer;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.dynamics.Recurrence.Evolution;
import io.sequencezoo.core.dynamics.State;
import io.sequencezoo.core.registry.MixerConfig;
import io.sequencezoo.models.residual.Residual;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The usual stage: a sequence mixer and, where there is one, a channel mixer, each in a residual
 * branch.
 *
 * <pre>{@code
 * x = x + mixer(norm(x));  x = x + channel(norm(x))     pre-norm
 * }</pre>
 *
 * <p>The plus is a {@link io.sequencezoo.models.residual.ResidualGate}. Where there is a shortcut,
 * {@code mixer(z) + shortcut(z)} stands for the mixer: the augmented shortcut of PanGu-π (Wang et
 * al. 2023, arXiv 2312.17276), whose T maps {@code W_up gelu(W_down z)} are one MLP of T times the
 * width of theirs. It sees what the mixer sees, normalised where norms stand before, which the
 * paper leaves open.
 *
 * <p>Its state is the mixer's. The stream between the branches passes {@code mixer_stream}.
 */
@Paper(
    key = "radford2019gpt2",
    title = "Language Models are Unsupervised Multitask Learners",
    authors = "Radford et al. 2019")
@Source(
    repo = "Lightning-AI/litgpt",
    path = "litgpt/model.py",
    commit = "26857050fe3ff627cd714fe92f5838f51a3d5efa")
public final class Layer implements Stage {
  private static final String MIXER = "mixer";
  private static final String MIXER_SHORTCUT = "mixer_shortcut";
  private static final String CHANNEL = "channel";

  private final SequenceMixer mixer;
  private final @Nullable FeedForward shortcut;
  private final Residual mixerBranch;
  private final @Nullable FeedForward channel;
  private final @Nullable Residual channelBranch;

  /** The layer of a configuration that leaves nothing open but the channel mixer. */
  Layer(LayerConfig config, MixerConfig.Place place) {
    this.mixer = given("mixer", config.mixer()).build(place);
    this.shortcut = config.shortcut() == null ? null : config.shortcut().build(place);
    this.mixerBranch = branch(MIXER, config, place);
    this.channel = config.channel() == null ? null : config.channel().build(place);
    this.channelBranch = channel == null ? null : branch(CHANNEL, config, place);
  }

  private static Residual branch(String name, LayerConfig config, MixerConfig.Place place) {
    return new Residual(
        name,
        place.width(),
        given("norm", config.norm()).build(place),
        given("normPlacement", config.normPlacement()),
        given("residual", config.residual()),
        given("dropout", config.dropout()));
  }

  private static <T> T given(String name, @Nullable T part) {
    checkArgument(part != null, "%s: %s must be given, got none", LayerConfig.NAME, name);
    return part;
  }

  @Override
  public void declare(Declaration declaration) {
    mixerBranch.declare(declaration);
    mixer.declare(declaration.child(MIXER));
    if (shortcut != null) {
      shortcut.declare(declaration.child(MIXER_SHORTCUT));
    }
    if (channel != null && channelBranch != null) {
      channelBranch.declare(declaration);
      channel.declare(declaration.child(CHANNEL));
    }
  }

  @Override
  public Map<String, SequenceMixer> mixers() {
    return Map.of(MIXER, mixer);
  }

  @Override
  public State initialState(Context context, int batch, DataType type) {
    return mixer.initialState(context.child(MIXER), batch, type);
  }

  @Override
  public Evolution forward(Context context, Variable x, @Nullable State initial) {
    Variable inner = mixerBranch.enter(context, x);
    return leave(context, x, inner, mixer.forward(context.child(MIXER), inner, initial));
  }

  @Override
  public Evolution step(Context context, Variable x, @Nullable State initial) {
    Variable inner = mixerBranch.enter(context, x);
    return leave(context, x, inner, mixer.step(context.child(MIXER), inner, initial));
  }

  private Evolution leave(Context context, Variable x, Variable inner, Evolution mixed) {
    Variable y = mixerBranch.leave(context, x, augmented(context, inner, mixed.outputs()));
    return new Evolution(channel(context, context.pass("mixer_stream", y)), mixed.state());
  }

  private Variable augmented(Context context, Variable inner, Variable mixed) {
    if (shortcut == null) {
      return mixed;
    }
    Context own = context.child(MIXER_SHORTCUT);
    Variable beside = own.pass("", inner, in -> shortcut.apply(own, in));
    return Primitives.add(context.tape(), mixed, beside);
  }

  private Variable channel(Context context, Variable x) {
    if (channel == null || channelBranch == null) {
      return x;
    }
    Context own = context.child(CHANNEL);
    Variable after =
        own.pass("", channelBranch.enter(context, x), inner -> channel.apply(own, inner));
    return channelBranch.leave(context, x, after);
  }
}
