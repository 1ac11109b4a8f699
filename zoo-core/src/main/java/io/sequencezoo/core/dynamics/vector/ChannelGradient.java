package io.sequencezoo.core.dynamics.vector;

/**
 * Gradients of one channel's {@code log λ}, {@code w} and {@code d}, in double.
 *
 * <p>Whatever a solver multiplies with is made of {@code Z_l = λ^l} and {@code w}; with {@code A_l}
 * the gradient of {@code w Z_l} and {@code P_l} that of {@code Z_l} alone, {@code gw = Σ A_l
 * conj(Z_l)} and {@code g log λ = Σ l (A_l conj(w) + P_l) conj(Z_l)}.
 */
final class ChannelGradient {
  private final int modes;
  final double[] log;
  final double[] weight;
  double feed;

  ChannelGradient(int modes) {
    this.modes = modes;
    this.log = new double[2 * modes];
    this.weight = new double[2 * modes];
  }

  /** Adds {@code A_l = (re, im)}: {@code g[at..]}, the imaginary part with the given sign. */
  void ofProduct(double l, double[] w, double[] z, int zo, double[] g, int at, double sign) {
    for (int i = 0; i < modes; i++) {
      double zRe = z[zo + i];
      double zIm = z[zo + modes + i];
      double gRe = g[at + i];
      double gIm = sign * g[at + modes + i];
      double re = gRe * zRe + gIm * zIm;
      double im = gIm * zRe - gRe * zIm;
      weight[i] += re;
      weight[modes + i] += im;
      log[i] += l * (re * w[i] + im * w[modes + i]);
      log[modes + i] += l * (im * w[i] - re * w[modes + i]);
    }
  }

  /** Adds a real {@code A_l}, alike for all modes. */
  void ofResponse(double l, double[] w, double[] z, int zo, double g) {
    for (int i = 0; i < modes; i++) {
      double re = g * z[zo + i];
      double im = -g * z[zo + modes + i];
      weight[i] += re;
      weight[modes + i] += im;
      log[i] += l * (re * w[i] + im * w[modes + i]);
      log[modes + i] += l * (im * w[i] - re * w[modes + i]);
    }
  }

  /** Adds {@code P_l}. */
  void ofPower(double l, double[] z, int zo, double[] g, int at) {
    for (int i = 0; i < modes; i++) {
      double zRe = z[zo + i];
      double zIm = z[zo + modes + i];
      log[i] += l * (g[at + i] * zRe + g[at + modes + i] * zIm);
      log[modes + i] += l * (g[at + modes + i] * zRe - g[at + i] * zIm);
    }
  }

  /** Adds what comes from the rows of {@link ChannelModes#write}, {@code g [L, 2N]}. */
  void ofWrites(ChannelModes<?> table, int chunk, double[] g) {
    int width = 2 * modes;
    for (int s = 0; s < chunk; s++) {
      int l = chunk - 1 - s;
      ofPower(l, table.powers, l * width, g, s * width);
    }
  }

  /** Adds what comes from the rows of {@link ChannelModes#read}, {@code g [L, 2N]}. */
  void ofReads(ChannelModes<?> table, int chunk, double[] g) {
    int width = 2 * modes;
    for (int r = 0; r < chunk; r++) {
      ofProduct(r + 1, table.w, table.powers, (r + 1) * width, g, r * width, -1);
    }
  }
}
