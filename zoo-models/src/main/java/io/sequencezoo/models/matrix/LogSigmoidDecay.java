package io.sequencezoo.models.matrix;

import io.sequencezoo.core.autodiff.Variable;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.Initialiser;
import io.sequencezoo.core.op.LogDecays;

/** The log decay of gated linear attention: {@code g = logsigmoid(x W + b) / normaliser}. */
final class LogSigmoidDecay implements Decay {
  private final HeadSizes sizes;
  private final boolean perChannel;
  private final Projection gate;
  private final double normalizer;

  private LogSigmoidDecay(HeadSizes sizes, boolean perChannel, int rank, double normalizer) {
    this.sizes = sizes;
    this.perChannel = perChannel;
    this.gate =
        new Projection(
            "gate", sizes.width(), rank, perChannel ? sizes.keyWidth() : sizes.heads(), true);
    this.normalizer = normalizer;
  }

  /** A decay per head. */
  static LogSigmoidDecay perHead(HeadSizes sizes, double normalizer) {
    return new LogSigmoidDecay(sizes, false, 0, normalizer);
  }

  /** A decay per key channel, from a projection of rank R. */
  static LogSigmoidDecay perChannel(HeadSizes sizes, int rank, double normalizer) {
    return new LogSigmoidDecay(sizes, true, rank, normalizer);
  }

  @Override
  public void declare(Declaration declaration, Initialiser initialiser) {
    gate.declare(declaration, initialiser);
  }

  @Override
  public Variable apply(Stretch stretch) {
    Variable decay = LogDecays.logSigmoid(stretch.tape(), gate.apply(stretch), 1 / normalizer);
    return perChannel ? Heads.split(stretch.tape(), decay, sizes.heads()) : decay;
  }

  @Override
  public long multiplyAddsPerToken() {
    return gate.multiplyAddsPerToken();
  }
}
