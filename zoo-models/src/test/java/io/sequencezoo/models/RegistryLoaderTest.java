package io.sequencezoo.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.registry.Registry;
import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The registry is whole whoever uses it first. */
class RegistryLoaderTest {
  @Test
  void get_onAThreadWithoutTheLibraryKnowsEveryBlock() throws Exception {
    URL[] path =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(RegistryLoaderTest::url)
            .toArray(URL[]::new);
    ClassLoader bare = ClassLoader.getPlatformClassLoader();
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader own = new URLClassLoader(path, bare)) {
      Thread.currentThread().setContextClassLoader(bare);
      Class<?> registry = own.loadClass(Registry.class.getName());
      Object instance = registry.getMethod("get").invoke(null);
      Map<?, ?> entries = (Map<?, ?>) registry.getMethod("entries").invoke(instance);
      assertThat(entries.keySet()).hasToString(Registry.get().entries().keySet().toString());
      assertThat(entries).isNotEmpty();
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private static URL url(String entry) {
    try {
      return Path.of(entry).toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(entry, e);
    }
  }
}
