package io.sequencezoo.models.model;

import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import java.util.List;

/**
 * Stages one after the other as one, and all of them again with the same parameters: sharing across
 * layers. Without sharing it makes one stage of several, such as the transition of one that is
 * repeated itself.
 *
 * <pre>{@code
 * x = stage_(i mod n)(x)        i = 0 ... n times - 1
 * }</pre>
 *
 * <p>Parameters are under {@code layers.j}, j below n; the i-th pass has a state of its own, {@code
 * layers.i}.
 */
@Paper(
    key = "lan2019albert",
    arxiv = "1909.11942",
    title = "ALBERT: A Lite BERT for Self-supervised Learning of Language Representations",
    authors = "Lan et al. 2019")
@Source(
    repo = "google-research/albert",
    path = "modeling.py",
    commit = "c21d8a3616a4b156d21e795698ad52743ccd8b73")
public final class Repeated extends StageOfStages {
  /** These stages, so many times. */
  Repeated(List<Stage> stages, int times) {
    super(new Stages(stages, times));
  }

  @Override
  public void declare(Declaration declaration) {
    stages.declare(declaration);
  }
}
