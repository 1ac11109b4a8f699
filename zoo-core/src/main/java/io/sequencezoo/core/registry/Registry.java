package io.sequencezoo.core.registry;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** Every block that exists, by type name. */
public final class Registry {
  private static final Registry INSTANCE = new Registry(catalogs());

  private final Map<String, Catalog.Entry> entries = new TreeMap<>();

  private Registry(Iterable<Catalog> catalogs) {
    for (Catalog catalog : catalogs) {
      for (Catalog.Entry entry : catalog.entries()) {
        String name = typeName(entry.config());
        checkArgument(
            entries.put(name, entry) == null, "registry: type name %s is registered twice", name);
      }
    }
  }

  /**
   * The catalogs that the library's own class loader sees, and those of the present thread's: in
   * application servers, fat jars and thread pools, either may see less than the other.
   */
  private static Collection<Catalog> catalogs() {
    Map<Class<?>, Catalog> found = new LinkedHashMap<>();
    ServiceLoader.load(Catalog.class, Registry.class.getClassLoader())
        .forEach(catalog -> found.putIfAbsent(catalog.getClass(), catalog));
    ServiceLoader.load(Catalog.class)
        .forEach(catalog -> found.putIfAbsent(catalog.getClass(), catalog));
    return found.values();
  }

  /** The blocks of all modules on the class path. */
  public static Registry get() {
    return INSTANCE;
  }

  /** All entries, by name. */
  public Map<String, Catalog.Entry> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /** The names of all sequence mixers. */
  public Collection<String> mixers() {
    return entries.entrySet().stream()
        .filter(entry -> MixerConfig.class.isAssignableFrom(entry.getValue().config()))
        .map(Map.Entry::getKey)
        .toList();
  }

  /**
   * The entry of this type name.
   *
   * @throws IllegalArgumentException naming the known ones
   */
  public Catalog.Entry entry(String name) {
    Catalog.Entry entry = entries.get(name);
    checkArgument(entry != null, "block: type must be one of %s, got %s", entries.keySet(), name);
    return entry;
  }

  /** The stable type name of a configuration class. */
  public static String typeName(Class<? extends BlockConfig> config) {
    JsonTypeName name = config.getAnnotation(JsonTypeName.class);
    checkArgument(name != null, "registry: %s lacks @JsonTypeName", config.getName());
    return name.value();
  }
}
