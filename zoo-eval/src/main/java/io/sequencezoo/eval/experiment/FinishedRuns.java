package io.sequencezoo.eval.experiment;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.io.AtomicFiles;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finished runs of other experiments, found by what made them and the code that ran. */
public final class FinishedRuns {
  /** There are none. */
  public static final FinishedRuns NONE = new FinishedRuns(Map.of());

  private static final Logger LOG = LoggerFactory.getLogger(FinishedRuns.class);

  private final Map<String, Path> folders;

  private FinishedRuns(Map<String, Path> folders) {
    this.folders = folders;
  }

  /**
   * All runs in some folders and below, which may be those of studies, of experiments or of single
   * runs.
   *
   * @throws IllegalArgumentException where one of the folders isn't there
   */
  public static FinishedRuns in(List<Path> roots) throws IOException {
    Map<String, Path> folders = new HashMap<>();
    for (Path root : roots) {
      checkArgument(Files.isDirectory(root), "reuse: %s must be a folder, got none", root);
      for (Path folder : foldersIn(root)) {
        try {
          Results.Run.in(folder).key().ifPresent(key -> folders.putIfAbsent(key, folder));
        } catch (IllegalArgumentException ofAnotherVersion) {
          LOG.warn("reuse: left out {}: {}", folder, ofAnotherVersion.getMessage());
        }
      }
    }
    return new FinishedRuns(folders);
  }

  /** The folders of all finished runs in a folder and below, sorted. */
  public static List<Path> foldersIn(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root, FileVisitOption.FOLLOW_LINKS)) {
      return files
          .filter(file -> file.endsWith(Results.Run.FILE) && file.getParent() != null)
          .map(Path::getParent)
          .sorted()
          .toList();
    }
  }

  /** The folder of the run with this key. */
  Optional<Path> find(String key) {
    return Optional.ofNullable(folders.get(key));
  }

  /** Copies a finished run with what it left: log and model. */
  public static void copyWhole(Path from, Path to) throws IOException {
    copy(from, to);
    AtomicFiles.writeString(
        to.resolve(Results.Run.FILE), Files.readString(from.resolve(Results.Run.FILE)));
  }

  /** Copies what a run left, but for {@code run.json}, without which it doesn't count. */
  static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path relative = from.relativize(file);
        boolean kept =
            relative.toString().equals(SingleRun.LOG) || relative.startsWith(Experiment.MODEL);
        if (kept && Files.isDirectory(file)) {
          Files.createDirectories(to.resolve(relative));
        } else if (kept) {
          Files.copy(file, to.resolve(relative), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    AtomicFiles.forceFolder(to);
  }
}
