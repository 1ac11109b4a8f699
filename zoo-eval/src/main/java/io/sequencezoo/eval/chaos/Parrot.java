package io.sequencezoo.eval.chaos;

/**
 * Context parroting (Zhang and Gilpin, arXiv 2505.11349): what followed the nearest past of as many
 * steps is said again; behind the end of the context it goes on with what it has said.
 *
 * <pre>{@code
 * s = argmin_s Σ_{d<D} |u_{s-d} - u_{T-d}|²       û_{T+i} = u_{s+i}
 * }</pre>
 */
final class Parrot {
  /** D, long enough to tell directions of short steps apart. */
  static final int DELAYS = 10;

  private Parrot() {}

  /**
   * What follows.
   *
   * @param context {@code [T][F]} that is searched
   * @param given {@code [W][F]} whose last steps are looked for; the context itself, or another
   */
  static double[][] forecast(double[][] context, double[][] given, int steps) {
    int delays = Math.max(1, Math.min(DELAYS, Math.min(given.length, context.length / 2)));
    // In a context that ends with what is looked for, what overlaps with it is no past.
    int last = context.length - 1 - (context == given ? delays : 1);
    int best = delays - 1;
    double least = Double.POSITIVE_INFINITY;
    for (int s = delays - 1; s <= last; s++) {
      double distance = distance(context, s, given, delays, least);
      if (distance < least) {
        least = distance;
        best = s;
      }
    }
    double[][] forecast = new double[steps][];
    for (int i = 0; i < steps; i++) {
      int from = best + 1 + i;
      forecast[i] = from < context.length ? context[from] : forecast[from - context.length];
    }
    return forecast;
  }

  private static double distance(
      double[][] context, int s, double[][] given, int delays, double enough) {
    double sum = 0;
    for (int d = 0; d < delays && sum < enough; d++) {
      double[] a = context[s - d];
      double[] b = given[given.length - 1 - d];
      for (int i = 0; i < a.length; i++) {
        sum += (a[i] - b[i]) * (a[i] - b[i]);
      }
    }
    return sum;
  }
}
