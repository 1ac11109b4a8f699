package io.sequencezoo.train;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.nd4j.linalg.api.buffer.DataType;

/** The precision of parameters and activations. */
public enum TrainPrecision {
  /** Single precision, for training. */
  @JsonProperty("float")
  FLOAT(DataType.FLOAT),
  /** Double precision, for checks. */
  @JsonProperty("double")
  DOUBLE(DataType.DOUBLE);

  private final DataType type;

  TrainPrecision(DataType type) {
    this.type = type;
  }

  /** ND4J's name for it. */
  public DataType dataType() {
    return type;
  }
}
