package io.sequencezoo.models.pretrained;

import static com.google.common.base.Preconditions.checkState;

import io.sequencezoo.core.block.Block;
import io.sequencezoo.core.block.Declaration;
import io.sequencezoo.core.block.ParameterSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A layout's table for one model: every public tensor with its shape and where its numbers go.
 *
 * @param tensors in the order of the table, layer by layer
 * @param copies names of tensors that may repeat others, with those
 * @param buffers patterns of names of what isn't a weight
 */
record Binding(Map<String, Bound> tensors, Map<String, String> copies, List<Pattern> buffers) {
  private static final String LAYER = "{l}";

  /**
   * A tensor.
   *
   * @param map where its numbers go
   * @param parameters of the model, as the map counts them; null for a part that is none
   */
  record Bound(TensorMap map, List<String> parameters) {}

  /** The table for a block. */
  static Binding of(Layout layout, List<Layout.Rule> further, Block block) {
    Declaration declaration = new Declaration();
    block.declare(declaration);
    Map<String, long[]> shapes = new LinkedHashMap<>();
    declaration.specs().forEach(spec -> shapes.put(spec.name(), spec.shape()));
    int layers = layers(declaration.specs());
    Map<String, Bound> tensors = new LinkedHashMap<>();
    List<Layout.Rule> rules = new ArrayList<>(layout.rules());
    rules.addAll(further);
    for (Layout.Rule rule : rules) {
      int times = rule.tensor().contains(LAYER) ? layers : 1;
      for (int l = 0; l < times; l++) {
        List<String> names = named(rule.parameters(), l);
        if (names.stream().allMatch(name -> name == null || shapes.containsKey(name))) {
          List<long[]> own = new ArrayList<>();
          names.forEach(name -> own.add(name == null ? null : shapes.get(name)));
          tensors.putIfAbsent(named(rule.tensor(), l), new Bound(rule.form().map(own), names));
        }
      }
    }
    checkCovered(layout, shapes.keySet(), tensors);
    Map<String, String> copies = new LinkedHashMap<>();
    for (Layout.Copy copy : layout.copies()) {
      if (!tensors.containsKey(copy.tensor())) {
        copies.put(copy.tensor(), copy.original());
      }
    }
    return new Binding(tensors, copies, layout.buffers().stream().map(Binding::pattern).toList());
  }

  /** A model that the configuration describes has no parameter that the table doesn't name. */
  private static void checkCovered(
      Layout layout, Set<String> parameters, Map<String, Bound> tensors) {
    Set<String> open = new HashSet<>(parameters);
    tensors.values().forEach(bound -> open.removeAll(bound.parameters()));
    checkState(
        open.isEmpty(), "%s: layout must name all parameters, lacks %s", layout.name(), open);
  }

  /** Whether a tensor isn't a weight. */
  boolean isBuffer(String name) {
    return buffers.stream().anyMatch(pattern -> pattern.matcher(name).matches());
  }

  private static int layers(List<ParameterSpec> specs) {
    Pattern numbered = Pattern.compile("(?:layers[.]|mixer)(\\d+)[.].*");
    return specs.stream()
        .map(spec -> numbered.matcher(spec.name()))
        .filter(Matcher::matches)
        .mapToInt(matcher -> Integer.parseInt(matcher.group(1)) + 1)
        .max()
        .orElse(0);
  }

  private static List<String> named(List<String> patterns, int l) {
    List<String> names = new ArrayList<>();
    patterns.forEach(pattern -> names.add(pattern == null ? null : named(pattern, l)));
    return names;
  }

  private static String named(String pattern, int l) {
    return pattern.replace(LAYER, String.valueOf(l));
  }

  private static Pattern pattern(String buffer) {
    return Pattern.compile(Pattern.quote(buffer).replace(LAYER, "\\E\\d+\\Q"));
  }
}
