package io.sequencezoo.eval.study;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sequencezoo.eval.experiment.Treatment;
import io.sequencezoo.models.model.LayeredConfig;
import java.util.ArrayList;
import java.util.List;

/** What a change is measured against beside the model without it: what chance does. */
public enum Control {
  /**
   * For every variant that has fewer parameters than the first: the first with as many fewer, drawn
   * uniformly among the weights of its matrices, which are 0 from the first update to the last.
   * Which ones differs from seed to seed.
   */
  @JsonProperty("random")
  RANDOM {
    @Override
    List<Variant> of(List<Variant> variants, Design design, Budget budget) {
      checkArgument(
          design == Design.EACH || design == Design.LEAVE_ONE_OUT,
          "study: controls random must go with design each or leave_one_out, got %s",
          design);
      checkArgument(
          budget == Budget.NONE,
          "study: controls random must go with budget none, got %s; models of equal %s lack no"
              + " parameters",
          budget,
          budget);
      LayeredConfig first = variants.get(0).model();
      long whole = Budget.parameters(first);
      List<Variant> controls = new ArrayList<>();
      for (Variant variant : variants.subList(1, variants.size())) {
        long removed = whole - Budget.parameters(variant.model());
        if (removed > 0) {
          controls.add(
              new Variant(
                  "random as " + variant.label(),
                  variants.get(0).changes(),
                  first,
                  new Treatment(0, removed, false)));
        }
      }
      checkArgument(
          !controls.isEmpty(),
          "study: controls random must have a change that removes parameters, got none");
      return controls;
    }
  },

  /**
   * The first variant once more, its first weights drawn from other seeds, on the same data in the
   * same order: how large a difference is where nothing is changed.
   */
  @JsonProperty("none")
  NONE {
    @Override
    List<Variant> of(List<Variant> variants, Design design, Budget budget) {
      Variant first = variants.get(0);
      return List.of(
          new Variant("no change", first.changes(), first.model(), new Treatment(0, 0, true)));
    }
  };

  /** The controls of a design's variants, which differ from the first in their treatment alone. */
  abstract List<Variant> of(List<Variant> variants, Design design, Budget budget);
}
