package io.sequencezoo.models.pretrained;

import io.sequencezoo.core.block.Parameters;
import io.sequencezoo.core.io.ElementType;
import io.sequencezoo.core.io.SafetensorsReader;
import io.sequencezoo.core.io.TensorInfo;
import io.sequencezoo.models.model.LanguageModel;
import java.io.IOException;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A model with weights of others, and what it takes to write them back.
 *
 * @param model the model
 * @param parameters its weights
 * @param source where they come from
 */
public record Pretrained(LanguageModel model, Parameters parameters, Source source) {
  /** Where the weights come from. */
  public static final class Source {
    private final Origin origin;
    private final Map<String, Kept> kept;

    Source(Origin origin, Map<String, Kept> kept) {
      this.origin = origin;
      this.kept = kept;
    }

    /** The name of the layout. */
    public String layout() {
      return origin.layout();
    }

    /** The public configuration, as it was. */
    public String config() {
      return origin.config();
    }

    Origin origin() {
      return origin;
    }

    Map<String, Kept> kept() {
      return kept;
    }
  }

  /**
   * A tensor that parameters don't hold, or not bit for bit.
   *
   * @param type of its elements
   * @param values in this type
   * @param numbers in single precision; null where they aren't floating-point
   */
  record Kept(ElementType type, INDArray values, float[] numbers) {
    static Kept of(SafetensorsReader reader, String name) throws IOException {
      TensorInfo info = reader.tensors().get(name);
      float[] numbers = null;
      if (info.type().isFloating() && info.type() != ElementType.F64) {
        numbers = new float[Math.toIntExact(info.length())];
        reader.readFloats(name, 0, numbers, 0, numbers.length);
      }
      return new Kept(info.type(), reader.read(name), numbers);
    }
  }
}
