package io.sequencezoo.core.dynamics.memory;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * How a memory steps along the gradients {@code G_s} of its losses. With {@code U_t} their sum over
 * the last c tokens, each weighted by its {@code γ_s}, or {@code U_t = G_t} for c = 1:
 *
 * <pre>{@code
 * descent      D_t = -θ_t U_t
 * momentum     S_t = η_t S_{t-1} - θ_t U_t       D_t = S_t
 * orthogonal   S_t = η_t S_{t-1} - U_t           D_t = θ_t orthogonalised(S_t)
 * mini-batch   S_t = S_{t-1} - θ_t G_t           W_t = A + ρ_t S_t, and A = W_t, S = 0 where a
 *                                                chunk ends
 * }</pre>
 *
 * <p>Orthogonalised is five of Newton and Schulz's iterations on {@code S / |S|}, with the
 * coefficients of Muon: singular values come out between about 0.7 and 1.2. Windows of tokens are
 * the Omega rule of Behrouz et al., ATLAS, arXiv 2505.23735; the mini-batch is that of Sun et al.,
 * TTT, arXiv 2407.04620.
 *
 * @param kind which of the four
 * @param window c, at least 1
 */
public record InnerAlgorithm(Kind kind, int window) {
  /** Which step is made of gradients. */
  public enum Kind {
    /** Gradient descent. */
    @JsonProperty("descent")
    DESCENT,
    /** Gradient descent with momentum. */
    @JsonProperty("momentum")
    MOMENTUM,
    /** Momentum, its matrices made orthogonal: Muon. */
    @JsonProperty("orthogonal")
    ORTHOGONAL,
    /** The sum of a chunk's gradients so far, times the step of the token that reads. */
    @JsonProperty("mini_batch")
    MINI_BATCH
  }

  private static final int LONGEST = 1024;

  /** Checks both. */
  public InnerAlgorithm {
    checkArgument(
        window >= 1 && window <= LONGEST,
        "inner algorithm: window must be from 1 to %s, got %s",
        LONGEST,
        window);
    checkArgument(
        window == 1 || kind != Kind.MINI_BATCH,
        "inner algorithm: a mini-batch has no window, got %s; use window 1",
        window);
  }

  /** One of the four on single tokens. */
  public static InnerAlgorithm of(Kind kind) {
    return new InnerAlgorithm(kind, 1);
  }

  /** Gradient descent on single tokens. */
  static InnerAlgorithm standard() {
    return of(Kind.DESCENT);
  }

  /** On single tokens. */
  static InnerAlgorithm standard(Kind kind) {
    return of(kind);
  }

  /** Whether steps are those of who reads. */
  public boolean miniBatch() {
    return kind == Kind.MINI_BATCH;
  }

  boolean orthogonal() {
    return kind == Kind.ORTHOGONAL;
  }

  /** Whether the optimiser carries S. */
  boolean carries() {
    return kind != Kind.DESCENT;
  }

  /** Whether there is an η. */
  public boolean hasMomentum() {
    return kind == Kind.MOMENTUM || kind == Kind.ORTHOGONAL;
  }
}
