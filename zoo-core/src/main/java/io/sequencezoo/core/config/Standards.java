package io.sequencezoo.core.config;

import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.BeanDeserializerBuilder;
import com.fasterxml.jackson.databind.deser.BeanDeserializerModifier;
import com.fasterxml.jackson.databind.deser.SettableBeanProperty;
import com.fasterxml.jackson.databind.deser.ValueInstantiator;
import com.fasterxml.jackson.databind.deser.impl.PropertyValueBuffer;
import com.google.common.base.Defaults;
import com.google.common.base.Throwables;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Gives keys that are absent what the record's static {@code standard} methods say.
 *
 * <p>{@code standard()} is the record where nothing is said. {@code standard(a, b)}, whose
 * parameters are named as components are, is the record where these are said: its other components
 * may depend on them. A parameter that is absent as well is that of {@code standard()}; where there
 * is none, it is 0 or null if it is {@link Derived} and required otherwise. A record without any
 * such method is read as it stands.
 */
final class Standards extends BeanDeserializerModifier {
  private static final long serialVersionUID = 1;

  private static final String STANDARD = "standard";

  @Override
  public BeanDeserializerBuilder updateBuilder(
      DeserializationConfig config, BeanDescription description, BeanDeserializerBuilder builder) {
    Class<?> type = description.getBeanClass();
    if (type.isRecord() && type.getRecordComponents().length > 0) {
      builder.setValueInstantiator(new Completing(builder.getValueInstantiator(), standards(type)));
    }
    return builder;
  }

  /** The methods, the one of most parameters first. */
  private static List<Method> standards(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> method.getName().equals(STANDARD))
        .filter(method -> Modifier.isStatic(method.getModifiers()))
        .filter(method -> method.getReturnType() == type)
        .sorted(Comparator.comparingInt(Method::getParameterCount).reversed())
        .toList();
  }

  private static Object invoke(Method method, @Nullable Object subject, Object... arguments) {
    try {
      method.setAccessible(true);
      return method.invoke(subject, arguments);
    } catch (InvocationTargetException e) {
      Throwables.throwIfUnchecked(e.getTargetException());
      throw new IllegalStateException(e.getTargetException());
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private static final class Completing extends ValueInstantiator.Delegating {
    private static final long serialVersionUID = 1;

    private final transient List<Method> standards;

    Completing(ValueInstantiator delegate, List<Method> standards) {
      super(delegate);
      this.standards = standards;
    }

    @Override
    public Object createFromObjectWith(
        DeserializationContext context, SettableBeanProperty[] keys, PropertyValueBuffer buffer)
        throws IOException {
      Map<String, Object> given = new HashMap<>();
      for (SettableBeanProperty key : keys) {
        if (buffer.hasParameter(key)) {
          Object value = buffer.getParameter(key);
          checkGiven(key.getName(), value);
          given.put(key.getName(), value);
        }
      }
      Object standard = given.size() == keys.length || standards.isEmpty() ? null : standard(given);
      Object[] all = new Object[keys.length];
      for (int i = 0; i < keys.length; i++) {
        String name = keys[i].getName();
        all[i] =
            given.containsKey(name)
                ? given.get(name)
                : standard == null ? absent(keys[i]) : component(standard, name);
      }
      return createFromObjectWith(context, all);
    }

    /** Nobody writes the 0 that stands for "derive": whoever does mistakes it for a size. */
    private void checkGiven(String name, Object value) {
      if (value instanceof Number number && number.doubleValue() == 0 && isDerived(name)) {
        throw new IllegalArgumentException(
            String.format(
                "%s: %s must be %s, got %s; leave it out for what the place gives, or none",
                subject(), name, value instanceof Double ? "positive" : "at least 1", value));
      }
    }

    private @Nullable Object absent(SettableBeanProperty key) {
      if (key.getType().isPrimitive()) {
        throw missing(key.getName());
      }
      return null;
    }

    private Mistakes.MissingKey missing(String name) {
      return new Mistakes.MissingKey(
          subject() + ": " + name + " must be given; it has no default", known());
    }

    /** The record where this is said. */
    private Object standard(Map<String, Object> given) {
      Method method = standards.get(0);
      Method nothingSaid = standards.get(standards.size() - 1);
      Object[] arguments =
          Arrays.stream(method.getParameters())
              .map(
                  parameter -> {
                    String name = parameter.getName();
                    if (given.containsKey(name)) {
                      return given.get(name);
                    }
                    if (nothingSaid.getParameterCount() > 0 && isDerived(name)) {
                      return Defaults.defaultValue(parameter.getType());
                    }
                    if (nothingSaid.getParameterCount() > 0) {
                      throw missing(name);
                    }
                    return component(invoke(nothingSaid, null), name);
                  })
              .toArray();
      return invoke(method, null, arguments);
    }

    private Object component(Object from, String name) {
      RecordComponent named =
          Arrays.stream(getValueClass().getRecordComponents())
              .filter(component -> component.getName().equals(name))
              .findFirst()
              .orElseThrow();
      return invoke(named.getAccessor(), from);
    }

    private boolean isDerived(String name) {
      return Arrays.stream(getValueClass().getRecordComponents())
          .anyMatch(
              component ->
                  component.getName().equals(name) && component.isAnnotationPresent(Derived.class));
    }

    private List<String> known() {
      return Arrays.stream(getValueClass().getRecordComponents())
          .map(RecordComponent::getName)
          .toList();
    }

    private String subject() {
      JsonTypeName name = getValueClass().getAnnotation(JsonTypeName.class);
      return name != null
          ? name.value()
          : getValueClass().getSimpleName().replaceAll("Config$", "").toLowerCase(Locale.ROOT);
    }
  }
}
