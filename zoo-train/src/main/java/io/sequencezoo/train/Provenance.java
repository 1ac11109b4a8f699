package io.sequencezoo.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableSortedMap;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.kernel.KernelInfo;
import io.sequencezoo.core.kernel.Parallel;
import io.sequencezoo.core.kernel.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Where a checkpoint or a result comes from: everything needed to compute it again.
 *
 * @param config the whole experiment
 * @param dataHash of the data, as the batch source states it
 * @param commit of the source tree that this library was built in, or else of that in the working
 *     folder, with {@code -dirty} where it was changed; absent outside a git repository
 * @param kernels the kernels that computed in float
 * @param threads of the pool; results don't depend on it
 * @param java version of the Java runtime
 * @param jvm its virtual machine
 * @param os operating system and processor architecture
 * @param processors seen by the virtual machine
 * @param versions of this library and those that computed
 * @param created when, in UTC
 */
public record Provenance(
    JsonNode config,
    String dataHash,
    @Nullable String commit,
    String kernels,
    int threads,
    String java,
    String jvm,
    String os,
    int processors,
    Map<String, String> versions,
    String created) {

  /** Sorts the versions. */
  public Provenance {
    versions = ImmutableSortedMap.copyOf(versions);
  }

  /** The provenance of what this process computes now. */
  public static Provenance current(Object config, String dataHash) {
    return new Provenance(
        Configs.json().valueToTree(config),
        dataHash,
        currentCommit(),
        Precision.FLOAT.kernels().name(),
        Parallel.threads(),
        System.getProperty("java.version"),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        Runtime.getRuntime().availableProcessors(),
        currentVersions(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  private static Map<String, String> currentVersions() {
    KernelInfo info = KernelInfo.current();
    return ImmutableSortedMap.of(
        // The core decides the order of sums, hence the last bits.
        "blas",
        info.blas() + " for " + info.core(),
        "sequence-zoo",
        version("io.sequencezoo", "zoo-core"),
        "nd4j",
        version("org.nd4j", "nd4j-api"),
        "nd4j-backend",
        Nd4j.getBackend().getClass().getSimpleName());
  }

  /** The version that Maven wrote into the artifact; a build from sources has none. */
  private static String version(String group, String artifact) {
    String path = "META-INF/maven/" + group + "/" + artifact + "/pom.properties";
    try (InputStream stream = Provenance.class.getClassLoader().getResourceAsStream(path)) {
      if (stream == null) {
        return "development";
      }
      Properties properties = new Properties();
      properties.load(stream);
      return properties.getProperty("version", "development");
    } catch (IOException e) {
      return "unreadable";
    }
  }

  /** Wherever the command is run from, results name the code that made them. */
  private static @Nullable String currentCommit() {
    String built = commitIn(codeFolder());
    return built != null ? built : commitIn(Path.of(""));
  }

  private static Path codeFolder() {
    CodeSource source = Provenance.class.getProtectionDomain().getCodeSource();
    try {
      Path folder = source == null ? null : Path.of(source.getLocation().toURI()).getParent();
      return folder == null ? Path.of("") : folder;
    } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
      // Code that isn't in a file, such as a jar within a jar.
      return Path.of("");
    }
  }

  /** The commit by git itself, or null where there is no git or no repository. */
  private static @Nullable String commitIn(Path folder) {
    try {
      // Of git's ways to see changed files, status alone can be kept from taking the index lock.
      Process git =
          new ProcessBuilder(
                  "git",
                  "-C",
                  folder.toAbsolutePath().toString(),
                  "--no-optional-locks",
                  "status",
                  "--porcelain=v2",
                  "--branch",
                  "--untracked-files=no")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      git.getOutputStream().close();
      String text = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return git.waitFor() == 0 ? commit(text) : null;
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  /** Reads the status: header lines start with #, all others are changed files. */
  static @Nullable String commit(String status) {
    String oid = "# branch.oid ";
    String commit = null;
    boolean dirty = false;
    for (String line : status.lines().toList()) {
      if (line.startsWith(oid)) {
        commit = line.substring(oid.length());
      }
      dirty |= !line.startsWith("#");
    }
    return commit == null || commit.startsWith("(") ? null : commit + (dirty ? "-dirty" : "");
  }
}
