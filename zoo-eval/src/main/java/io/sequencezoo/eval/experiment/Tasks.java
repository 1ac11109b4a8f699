package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.DatabindContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.jsontype.impl.TypeIdResolverBase;
import com.google.common.io.Resources;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** Every task that exists, by name. */
public final class Tasks {
  private static final String EXPERIMENT = "default.yaml";
  // The library's own loader: that of the thread need not see it.
  private static final Tasks INSTANCE =
      new Tasks(ServiceLoader.load(TaskCatalog.class, Tasks.class.getClassLoader()));

  private final Map<String, TaskCatalog.Entry> entries = new TreeMap<>();
  private final Map<String, Class<? extends Task>> types = new TreeMap<>();

  private Tasks(Iterable<TaskCatalog> catalogs) {
    for (TaskCatalog catalog : catalogs) {
      for (TaskCatalog.Entry entry : catalog.entries()) {
        Class<? extends Task> type = entry.standard().getClass();
        String name = entry.standard().name();
        checkArgument(entries.put(name, entry) == null, "tasks: name %s is registered twice", name);
        Class<? extends Task> other = types.put(typeName(type), type);
        checkArgument(
            other == null || other == type,
            "tasks: type name %s is registered twice",
            typeName(type));
      }
    }
  }

  /** The tasks of all modules on the class path. */
  public static Tasks get() {
    return INSTANCE;
  }

  /** All entries, by name. */
  public Map<String, TaskCatalog.Entry> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /**
   * The task of this name as an experiment has it that describes none.
   *
   * @throws IllegalArgumentException naming the known ones
   */
  public Task standard(String name) {
    checkArgument(
        entries.containsKey(name), "task: must be one of %s, got %s", entries.keySet(), name);
    return entries.get(name).standard();
  }

  /** The experiment that is run where none is described; it may lack the task. */
  public String experiment(Task task) throws IOException {
    URL own = task.getClass().getResource(EXPERIMENT);
    URL resource = own == null ? Tasks.class.getResource(EXPERIMENT) : own;
    return Resources.toString(resource, StandardCharsets.UTF_8);
  }

  private static String typeName(Class<?> type) {
    JsonTypeName name = type.getAnnotation(JsonTypeName.class);
    checkArgument(name != null, "tasks: %s lacks @JsonTypeName", type.getName());
    return name.value();
  }

  /** Finds the class of a task by its type name. */
  static final class Types extends TypeIdResolverBase {
    @Override
    public String idFromValue(Object value) {
      return typeName(value.getClass());
    }

    @Override
    public String idFromValueAndType(Object value, Class<?> type) {
      return typeName(type);
    }

    @Override
    public JavaType typeFromId(DatabindContext context, String id) {
      Map<String, Class<? extends Task>> types = get().types;
      checkArgument(
          types.containsKey(id), "task: type must be one of %s, got %s", types.keySet(), id);
      return context.constructType(types.get(id));
    }

    @Override
    public JsonTypeInfo.Id getMechanism() {
      return JsonTypeInfo.Id.CUSTOM;
    }
  }
}
