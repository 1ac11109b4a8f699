package io.sequencezoo.eval.runs;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.eval.experiment.Experiment;
import io.sequencezoo.eval.experiment.Results;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The runs in a folder and below it, indexed by their fields. The files of the runs are the truth:
 * the index ({@value #FILE}, an SQLite database) only saves reading those again that haven't
 * changed, may be deleted at any time, and is left out where the folder can't be written.
 */
public final class RunIndex implements AutoCloseable {
  /** Its name in the folder. */
  public static final String FILE = ".runs.sqlite";

  /** Another layout of tables or fields makes the index anew. */
  private static final int VERSION = 1;

  private final Path root;
  private final Connection connection;

  private RunIndex(Path root, Connection connection) {
    this.root = root;
    this.connection = connection;
  }

  /**
   * Opens the index of a folder and brings it up to date.
   *
   * @param unread gets a line for each run whose files can't be read
   */
  public static RunIndex open(Path root, Consumer<String> unread) throws IOException {
    checkArgument(Files.isDirectory(root), "runs: %s must be a folder, got none", root);
    RunIndex index = connect(root);
    try {
      index.refresh(unread);
      return index;
    } catch (SQLException e) {
      index.close();
      throw failure(e);
    }
  }

  private static RunIndex connect(Path root) throws IOException {
    Path file = root.resolve(FILE);
    try {
      return new RunIndex(root, tables(file.toString()));
    } catch (SQLException damagedOrReadOnly) {
      try {
        if (Files.isWritable(root)) {
          Files.deleteIfExists(file);
          return new RunIndex(root, tables(file.toString()));
        }
        return new RunIndex(root, tables(":memory:"));
      } catch (SQLException e) {
        throw failure(e);
      }
    }
  }

  private static Connection tables(String database) throws SQLException {
    Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
    try (Statement statement = connection.createStatement()) {
      // What is lost in a crash is made again.
      statement.execute("PRAGMA synchronous = OFF");
      int version;
      try (ResultSet row = statement.executeQuery("PRAGMA user_version")) {
        version = row.getInt(1);
      }
      if (version != VERSION) {
        statement.execute("DROP TABLE IF EXISTS fields");
        statement.execute("DROP TABLE IF EXISTS runs");
        statement.execute("PRAGMA user_version = " + VERSION);
      }
      statement.execute("CREATE TABLE IF NOT EXISTS runs (folder TEXT PRIMARY KEY, stamp TEXT)");
      statement.execute(
          "CREATE TABLE IF NOT EXISTS fields"
              + " (folder TEXT, position INTEGER, key TEXT, value TEXT, number REAL)");
      statement.execute("CREATE INDEX IF NOT EXISTS by_folder ON fields (folder)");
      statement.execute("CREATE INDEX IF NOT EXISTS by_value ON fields (key, value)");
      statement.execute("CREATE INDEX IF NOT EXISTS by_number ON fields (key, number)");
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  private void refresh(Consumer<String> unread) throws IOException, SQLException {
    Map<String, String> known = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT folder, stamp FROM runs")) {
      while (rows.next()) {
        known.put(rows.getString(1), rows.getString(2));
      }
    }
    Map<String, String> present = present();
    connection.setAutoCommit(false);
    for (String folder : known.keySet()) {
      if (!known.get(folder).equals(present.get(folder))) {
        update("DELETE FROM fields WHERE folder = ?", folder);
        update("DELETE FROM runs WHERE folder = ?", folder);
      }
    }
    for (Map.Entry<String, String> run : present.entrySet()) {
      if (!run.getValue().equals(known.get(run.getKey()))) {
        read(run.getKey(), run.getValue(), unread);
      }
    }
    connection.commit();
    connection.setAutoCommit(true);
  }

  /** When the files of every run were written, by its folder below the root. */
  private Map<String, String> present() throws IOException {
    Map<String, String> present = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root, FileVisitOption.FOLLOW_LINKS)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        boolean isRun = file.endsWith(Results.Run.FILE) || file.endsWith(Results.Failure.FILE);
        Path folder = file.getParent();
        if (isRun && folder != null) {
          Path config = folder.toAbsolutePath().getParent().resolve(Experiment.CONFIG);
          String stamp = file.getFileName() + " " + stamp(file) + " " + stamp(config);
          present.put(root.relativize(folder).toString(), stamp);
        }
      }
    }
    return present;
  }

  private static String stamp(Path file) throws IOException {
    return Files.exists(file)
        ? Files.getLastModifiedTime(file).toMillis() + "/" + Files.size(file)
        : "none";
  }

  private void read(String folder, String stamp, Consumer<String> unread)
      throws IOException, SQLException {
    StoredRun run;
    try {
      run = StoredRun.read(root.resolve(folder));
    } catch (IllegalArgumentException | IOException e) {
      unread.accept("left out " + root.resolve(folder) + ": " + e.getMessage());
      return;
    }
    update("INSERT INTO runs VALUES (?, ?)", folder, stamp);
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO fields VALUES (?, ?, ?, ?, ?)")) {
      int position = 0;
      for (Map.Entry<String, String> field : run.fields().entrySet()) {
        insert.setString(1, folder);
        insert.setInt(2, position++);
        insert.setString(3, field.getKey());
        insert.setString(4, field.getValue());
        double number = StoredRun.number(field.getValue(), Double.NaN);
        insert.setObject(5, Double.isNaN(number) ? null : number);
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private void update(String sql, String... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setString(i + 1, values[i]);
      }
      statement.executeUpdate();
    }
  }

  /** The runs that meet all conditions, by folder. */
  public List<StoredRun> find(List<Condition> conditions) throws IOException {
    StringBuilder sql = new StringBuilder("SELECT folder, key, value FROM fields WHERE 1 = 1");
    conditions.forEach(condition -> sql.append(" AND ").append(condition.sql()));
    sql.append(" ORDER BY folder, position");
    Map<String, Map<String, String>> found = new LinkedHashMap<>();
    try (PreparedStatement query = connection.prepareStatement(sql.toString())) {
      int at = 1;
      for (Condition condition : conditions) {
        query.setString(at++, condition.key());
        if (condition.isOfNumbers()) {
          query.setDouble(at++, StoredRun.number(condition.value(), Double.NaN));
        } else {
          query.setString(at++, condition.value());
        }
      }
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          found
              .computeIfAbsent(rows.getString(1), folder -> new LinkedHashMap<>())
              .put(rows.getString(2), rows.getString(3));
        }
      }
    } catch (SQLException e) {
      throw failure(e);
    }
    List<StoredRun> runs = new ArrayList<>();
    found.forEach((folder, fields) -> runs.add(new StoredRun(root.resolve(folder), fields)));
    return runs;
  }

  private static IOException failure(SQLException e) {
    return new IOException("index: must be readable, got " + e.getMessage(), e);
  }

  @Override
  public void close() throws IOException {
    try {
      connection.close();
    } catch (SQLException e) {
      throw failure(e);
    }
  }
}
