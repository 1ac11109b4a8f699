package io.sequencezoo.eval.chaos;

import io.sequencezoo.datasets.chaos.ChaoticSystem;
import io.sequencezoo.datasets.chaos.KuramotoSivashinsky;
import io.sequencezoo.datasets.chaos.Lorenz63;
import io.sequencezoo.datasets.chaos.Lorenz96;
import io.sequencezoo.datasets.chaos.MackeyGlass;
import io.sequencezoo.datasets.chaos.MultiscaleLorenz96;
import io.sequencezoo.eval.experiment.TaskCatalog;
import java.util.List;

/** Registers the chaotic systems. */
public final class ChaosCatalog implements TaskCatalog {
  @Override
  public List<Entry> entries() {
    return List.of(
        entry(Lorenz63.standard(), "three numbers of convection"),
        entry(Lorenz96.standard(), "a ring of 40 sites, F = 8"),
        entry(Lorenz96.standard(40, 10), "the same at F = 10"),
        entry(MultiscaleLorenz96.standard(), "8 slow sites of three scales"),
        entry(KuramotoSivashinsky.standard(), "a flame front of length 22 at 64 points"),
        entry(MackeyGlass.standard(), "a delayed feedback, delay 17"));
  }

  private static Entry entry(ChaoticSystem system, String what) {
    return new Entry(ChaosTask.standard(system), "what follows in a chaotic series: " + what);
  }
}
