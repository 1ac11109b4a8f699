package io.sequencezoo.models.pretrained;

import java.util.List;

/**
 * Where the weights of a model come from, and what it takes to write the files once more as they
 * were.
 *
 * @param layout name of the layout
 * @param config text of the public configuration, byte for byte; empty for none
 * @param index text of the index of several files; empty for one file
 * @param files the files of weights
 */
record Origin(String layout, String config, String index, List<WeightFile> files) {
  /**
   * A file of weights without its weights.
   *
   * @param name its name
   * @param header the JSON before its data, with its padding
   * @param dataBytes bytes of its data
   */
  record WeightFile(String name, String header, long dataBytes) {}
}
