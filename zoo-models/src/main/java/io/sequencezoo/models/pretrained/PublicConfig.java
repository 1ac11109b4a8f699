package io.sequencezoo.models.pretrained;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A public {@code config.json}, read key by key: every key must be one that is read, or one that
 * doesn't change what a model computes. So a switch that the zoo's blocks don't have is refused by
 * its name, and never overlooked.
 */
final class PublicConfig {
  /**
   * Keys about files, training, generation and kernels, which say nothing about what the weights
   * compute.
   */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "architectures",
          "model_type",
          "auto_map",
          "torch_dtype",
          "dtype",
          "transformers_version",
          "_name_or_path",
          "name_or_path",
          "_commit_hash",
          "use_cache",
          "bos_token_id",
          "eos_token_id",
          "pad_token_id",
          "sep_token_id",
          "decoder_start_token_id",
          "initializer_range",
          "output_attentions",
          "output_hidden_states",
          "return_dict",
          "use_return_dict",
          "task_specific_params",
          "max_length",
          "max_position_embeddings",
          "fuse_norm",
          "fuse_swiglu",
          "fuse_cross_entropy",
          "fuse_linear_cross_entropy",
          "use_l2warp",
          "attn_mode",
          "chunk_size",
          "pretraining_tp",
          "gradient_checkpointing",
          "id2label",
          "label2id",
          "problem_type",
          "keys_to_ignore_at_inference",
          "is_decoder",
          "torchscript",
          "_attn_implementation",
          "attn_implementation",
          "attention_dropout",
          "unsloth_version",
          "unsloth_fixed",
          "rescale_prenorm_residual",
          "residual_in_fp32",
          "fused_add_norm",
          "router_aux_loss_coef",
          "output_router_logits",
          "cache_implementation",
          "use_mamba_kernels",
          "use_mambapy",
          "use_associative_scan",
          "use_cpu_fallback");

  /** As Python writes it: with {@code Infinity}, which JSON doesn't have. */
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final String file;
  private final ObjectNode tree;
  private final Set<String> read = new HashSet<>();

  private PublicConfig(String file, ObjectNode tree) {
    this.file = file;
    this.tree = tree;
  }

  /**
   * Parses a configuration.
   *
   * @param file its name, for messages
   */
  static PublicConfig parse(String file, String text) {
    JsonNode tree;
    try {
      tree = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file + ": must be JSON, got " + e.getOriginalMessage().lines().findFirst().orElse(""), e);
    }
    checkArgument(tree instanceof ObjectNode, "%s: must be a JSON object, got %s", file, tree);
    return new PublicConfig(file, (ObjectNode) tree);
  }

  /** The name of the file. */
  String file() {
    return file;
  }

  /** Whether there is something under a key. */
  boolean has(String key) {
    return !node(key).isMissingNode();
  }

  /** Whether a key stands there with nothing under it. */
  boolean isNull(String key) {
    return tree.path(key).isNull();
  }

  /** A whole number, which must be there. */
  int count(String key) {
    JsonNode node = node(key);
    if (node.isMissingNode()) {
      throw refuse(key, "must be given", "nothing");
    }
    return count(key, 0);
  }

  /** A whole number, or what is meant where there is none. */
  int count(String key, int otherwise) {
    JsonNode node = node(key);
    if (node.isMissingNode()) {
      return otherwise;
    }
    boolean whole = node.isNumber() && node.doubleValue() == node.intValue();
    if (!whole || node.intValue() < 0) {
      throw refuse(key, "must be a whole number", node);
    }
    return node.intValue();
  }

  /** A number. */
  double number(String key, double otherwise) {
    JsonNode node = node(key);
    if (!node.isMissingNode() && !node.isNumber()) {
      throw refuse(key, "must be a number", node);
    }
    return node.isMissingNode() ? otherwise : node.doubleValue();
  }

  /** Yes or no. */
  boolean flag(String key, boolean otherwise) {
    JsonNode node = node(key);
    if (!node.isMissingNode() && !node.isBoolean()) {
      throw refuse(key, "must be true or false", node);
    }
    return node.isMissingNode() ? otherwise : node.booleanValue();
  }

  /** Text. */
  String text(String key, String otherwise) {
    JsonNode node = node(key);
    if (!node.isMissingNode() && !node.isTextual()) {
      throw refuse(key, "must be text", node);
    }
    return node.isMissingNode() ? otherwise : node.textValue();
  }

  /** Whatever is under a key; a missing node where there is nothing. */
  JsonNode node(String key) {
    read.add(key);
    JsonNode node = tree.path(key);
    return node.isNull() ? tree.path("") : node;
  }

  /** Refuses another value than those that the zoo's blocks can express; absent is fine. */
  void require(String key, Object... allowed) {
    JsonNode node = node(key);
    boolean fits =
        node.isMissingNode()
            || Stream.of(allowed).anyMatch(value -> isEqual(node, JSON.valueToTree(value)));
    if (!fits) {
      String all = Stream.of(allowed).map(Objects::toString).collect(Collectors.joining(" or "));
      throw refuse(key, "must be " + all + ", which the zoo's blocks have", node);
    }
  }

  private static boolean isEqual(JsonNode a, JsonNode b) {
    return (a.isNumber() && b.isNumber()) ? a.doubleValue() == b.doubleValue() : a.equals(b);
  }

  /** An error about a key, in one line. */
  IllegalArgumentException refuse(String key, String requirement, Object got) {
    String shown = got.toString();
    String cut = shown.length() > 80 ? shown.substring(0, 80) + "..." : shown;
    return new IllegalArgumentException(
        file + ": " + key + " " + requirement + ", got " + cut.replaceAll("\\R", " "));
  }

  /** Marks keys that may stand there without effect in this layout. */
  void ignore(String... keys) {
    read.addAll(Set.of(keys));
  }

  /** Refuses keys that nobody has asked for and that may change what is computed. */
  void checkAllRead() {
    Set<String> unknown = new TreeSet<>();
    for (Map.Entry<String, JsonNode> entry : tree.properties()) {
      if (!read.contains(entry.getKey())
          && !WITHOUT_EFFECT.contains(entry.getKey())
          && !saysNothing(entry.getValue())) {
        unknown.add(entry.getKey());
      }
    }
    checkArgument(
        unknown.isEmpty(),
        "%s: keys must be ones that the layout knows, got %s besides; remove them if they don't"
            + " change what the model computes",
        file,
        unknown);
  }

  /** Null, false, nothing in it: a switch that is off. */
  private static boolean saysNothing(JsonNode node) {
    return node.isNull()
        || (node.isBoolean() && !node.booleanValue())
        || (node.isContainerNode() && node.isEmpty());
  }
}
