package io.sequencezoo.eval.experiment;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hashing;
import io.sequencezoo.core.kernel.KernelInfo;
import io.sequencezoo.core.registry.Registry;
import io.sequencezoo.datasets.icll.Split;
import io.sequencezoo.train.Trainer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Enumeration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What code decides the results of a run: a hash of all classes of the libraries and of users' jars
 * that hold a registered block or the task, whether they lie in jars or folders, and of the kernels
 * and the BLAS that compute, which decide the order of sums. Commits would say less, of a
 * development build, and more, of changed documents.
 *
 * <p>What only shows results is no part of it: reports, studies, the command line.
 */
final class CodeVersion {
  private static final Pattern SHOWS =
      Pattern.compile("io/sequencezoo/eval/(report|study|cli|analysis|conformance|runs)/.*");
  private static final Map<Path, HashCode> KNOWN = new ConcurrentHashMap<>();

  private CodeVersion() {}

  /** The version that runs of this task have in this process. */
  static String of(Task task) {
    Set<Path> places = new TreeSet<>();
    for (Class<?> each : new Class<?>[] {Trainer.class, Experiment.class, task.getClass()}) {
      add(places, each);
    }
    Registry.get().entries().values().forEach(entry -> add(places, entry.config()));
    // Core and datasets may lie in places of their own, as models do.
    add(places, KernelInfo.class);
    add(places, Split.class);
    KernelInfo info = KernelInfo.current();
    StringBuilder all = new StringBuilder();
    places.stream()
        .map(place -> KNOWN.computeIfAbsent(place, CodeVersion::hash).toString())
        .sorted()
        .forEach(all::append);
    all.append(info.provider()).append(info.blas()).append(info.core());
    return sha256(all.toString());
  }

  private static String sha256(String text) {
    return Hashing.sha256().hashString(text, StandardCharsets.UTF_8).toString();
  }

  private static void add(Set<Path> places, Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    try {
      if (source != null) {
        places.add(Path.of(source.getLocation().toURI()));
      }
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static HashCode hash(Path place) {
    try {
      Map<String, HashCode> classes =
          Files.isDirectory(place)
              ? inFolder(place)
              : Files.exists(place) ? inJar(place) : Map.of();
      StringBuilder all = new StringBuilder();
      classes.forEach((name, hash) -> all.append(name).append(' ').append(hash).append('\n'));
      return Hashing.sha256().hashString(all, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean decides(String name) {
    return name.endsWith(".class") && !SHOWS.matcher(name).matches();
  }

  private static Map<String, HashCode> inFolder(Path folder) throws IOException {
    Map<String, HashCode> classes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        String name = folder.relativize(file).toString().replace('\\', '/');
        if (decides(name)) {
          classes.put(name, Hashing.sha256().hashBytes(Files.readAllBytes(file)));
        }
      }
    }
    return classes;
  }

  private static Map<String, HashCode> inJar(Path file) throws IOException {
    Map<String, HashCode> classes = new TreeMap<>();
    try (JarFile jar = new JarFile(file.toFile())) {
      for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
        JarEntry entry = entries.nextElement();
        if (decides(entry.getName())) {
          try (InputStream bytes = jar.getInputStream(entry)) {
            classes.put(entry.getName(), Hashing.sha256().hashBytes(bytes.readAllBytes()));
          }
        }
      }
    }
    return classes;
  }
}
