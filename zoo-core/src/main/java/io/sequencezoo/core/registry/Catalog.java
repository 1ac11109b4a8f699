package io.sequencezoo.core.registry;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.google.common.base.Throwables;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;

/** What a module adds to the registry; found by {@link java.util.ServiceLoader}. */
public interface Catalog {
  /** One entry per block. */
  List<Entry> entries();

  /**
   * A registered block.
   *
   * @param config its configuration's class, which carries {@code @JsonTypeName}
   * @param block its implementation's class, which carries {@code @Paper} and {@code @Source}
   * @param summary one line for tables and {@code zoo list}
   */
  record Entry(Class<? extends BlockConfig> config, Class<?> block, String summary) {
    /**
     * The entry of a public configuration that says the rest itself: the summary in
     * {@code @JsonClassDescription}, the examples in a public static method {@code examples()}.
     *
     * @throws IllegalArgumentException if it lacks the summary
     */
    public static Entry of(Class<? extends BlockConfig> config, Class<?> block) {
      JsonClassDescription summary = config.getAnnotation(JsonClassDescription.class);
      checkArgument(summary != null, "registry: %s lacks @JsonClassDescription", config.getName());
      return new Entry(config, block, summary.value());
    }

    /**
     * Small configurations that the laws run over, the default one first.
     *
     * @throws IllegalArgumentException if the configuration lacks them
     */
    public List<? extends BlockConfig> examples() {
      List<?> examples =
          Arrays.stream(config.getMethods())
              .filter(method -> method.getName().equals("examples"))
              .filter(method -> Modifier.isStatic(method.getModifiers()))
              .filter(method -> method.getParameterCount() == 0)
              .filter(method -> List.class.isAssignableFrom(method.getReturnType()))
              .findFirst()
              .<List<?>>map(Entry::invoke)
              .orElse(List.of());
      checkArgument(
          !examples.isEmpty() && examples.stream().allMatch(config::isInstance),
          "registry: %s must have a public static List<%s> examples() of at least one, got %s",
          config.getName(),
          config.getSimpleName(),
          examples);
      return examples.stream().map(config::cast).toList();
    }

    private static List<?> invoke(Method examples) {
      try {
        return (List<?>) examples.invoke(null);
      } catch (InvocationTargetException e) {
        Throwables.throwIfUnchecked(e.getTargetException());
        throw new IllegalStateException(e.getTargetException());
      } catch (IllegalAccessException e) {
        throw new IllegalArgumentException(
            "registry: " + examples.getDeclaringClass().getName() + " must be public", e);
      }
    }
  }
}
