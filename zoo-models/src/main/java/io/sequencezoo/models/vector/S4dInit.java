package io.sequencezoo.models.vector;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How fast the modes of an {@link S4d} turn at the start (Gu et al. 2022, section 4). */
public enum S4dInit {
  /** S4D-Lin, {@code π n} (eq. 9). */
  @JsonProperty("lin")
  LIN {
    @Override
    double[] frequencies(int pairs) {
      double[] frequencies = new double[pairs];
      for (int n = 0; n < pairs; n++) {
        frequencies[n] = Math.PI * n;
      }
      return frequencies;
    }
  },
  /** S4D-Inv, {@code (N/π) (N/(2n + 1) - 1)}, N twice the number of pairs (eq. 8). */
  @JsonProperty("inv")
  INV {
    @Override
    double[] frequencies(int pairs) {
      int states = 2 * pairs;
      double[] frequencies = new double[pairs];
      for (int n = 0; n < pairs; n++) {
        frequencies[n] = states / Math.PI * (states / (2.0 * n + 1) - 1);
      }
      return frequencies;
    }
  },
  /** S4D-LegS: those of the normal part of HiPPO-LegS. */
  @JsonProperty("legs")
  LEGS {
    @Override
    double[] frequencies(int pairs) {
      double[] frequencies = new double[pairs];
      double[] all = Hippo.legs(2 * pairs).frequencies();
      System.arraycopy(all, pairs, frequencies, 0, pairs);
      return frequencies;
    }
  };

  /** The imaginary parts of one mode of each conjugate pair. */
  abstract double[] frequencies(int pairs);
}
