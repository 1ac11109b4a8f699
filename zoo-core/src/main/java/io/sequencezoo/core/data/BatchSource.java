package io.sequencezoo.core.data;

/**
 * An endless seeded stream of batches that can be taken up at any position: the batch at a position
 * depends on the source's configuration, its seed and the position alone. Epoch e is the batches
 * from {@code e·batchesPerEpoch} on, each epoch in an order of its own.
 *
 * <p>A source belongs to one thread. Arrays of a batch are outside every workspace.
 *
 * @param <B> the type of batch
 */
public interface BatchSource<B> {
  /** The batch at the current position, which moves on by one. */
  B next();

  /** The number of batches before the current position, from the start of the stream. */
  long position();

  /** Moves to a position, 0 for the start. */
  void seek(long position);

  /** The number of batches that show every example once; 0 where examples never repeat. */
  long batchesPerEpoch();

  /**
   * A hash of everything that determines the batches: the examples themselves or the generator's
   * configuration and version, the batch size and the seed. For provenance, and to refuse resuming
   * on other data.
   */
  String dataHash();
}
