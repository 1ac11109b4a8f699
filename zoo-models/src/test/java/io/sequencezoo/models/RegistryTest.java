package io.sequencezoo.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.sequencezoo.core.block.FeedForward;
import io.sequencezoo.core.block.Parametrisation;
import io.sequencezoo.core.cite.Paper;
import io.sequencezoo.core.cite.Source;
import io.sequencezoo.core.registry.BlockConfig;
import io.sequencezoo.core.registry.Catalog;
import io.sequencezoo.core.registry.Registry;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No block escapes the registry, and each says where it comes from. */
class RegistryTest {
  private final Collection<Catalog.Entry> entries = Registry.get().entries().values();

  @Test
  void everyBlockAndConfiguration_isRegistered() throws Exception {
    Set<Class<?>> blocks = entries.stream().map(Catalog.Entry::block).collect(Collectors.toSet());
    Set<Class<?>> configs = entries.stream().map(Catalog.Entry::config).collect(Collectors.toSet());
    List<Class<?>> found = concreteClasses();
    assertThat(found).contains(ModelsCatalog.class);
    assertThat(found.stream().filter(RegistryTest::isBlock)).isSubsetOf(blocks);
    assertThat(found.stream().filter(BlockConfig.class::isAssignableFrom)).isSubsetOf(configs);
  }

  @Test
  void everyBlock_citesPaperAndSource() {
    for (Catalog.Entry entry : entries) {
      if (entry.block().getPackageName().endsWith(".examples")) {
        // Tests' own examples of adding a block follow no paper.
        continue;
      }
      Paper paper = entry.block().getAnnotation(Paper.class);
      assertThat(paper).as("@Paper of %s", entry.block()).isNotNull();
      assertThat(List.of(paper.key(), paper.title(), paper.authors()))
          .as("@Paper of %s", entry.block())
          .allMatch(text -> !text.isBlank());
      Source source = entry.block().getAnnotation(Source.class);
      assertThat(source).as("@Source of %s", entry.block()).isNotNull();
      assertThat(source.repo()).as("@Source of %s", entry.block()).matches("[\\w.-]+/[\\w.-]+");
      assertThat(source.commit()).as("@Source of %s", entry.block()).matches("[0-9a-f]{7,40}");
      assertThat(entry.summary()).as("summary of %s", entry.block()).isNotBlank();
    }
  }

  private static boolean isBlock(Class<?> type) {
    return Parametrisation.class.isAssignableFrom(type) || FeedForward.class.isAssignableFrom(type);
  }

  /** Every compiled class of this module that can be instantiated. */
  private static List<Class<?>> concreteClasses() throws IOException, URISyntaxException {
    Path root =
        Path.of(ModelsCatalog.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.toString().endsWith(".class"))
          .map(file -> root.relativize(file).toString())
          .filter(name -> !name.endsWith("-info.class"))
          .map(name -> name.substring(0, name.length() - ".class".length()))
          .<Class<?>>map(name -> load(name.replace('/', '.').replace('\\', '.')))
          .filter(type -> !type.isInterface() && !Modifier.isAbstract(type.getModifiers()))
          .toList();
    }
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, RegistryTest.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new AssertionError(name, e);
    }
  }
}
