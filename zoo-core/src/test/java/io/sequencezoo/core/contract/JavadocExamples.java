package io.sequencezoo.core.contract;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The Java in documentation comments: preformatted code with statements in it. */
public final class JavadocExamples {
  private static final Pattern BLOCK =
      Pattern.compile("<pre>\\{@code\\n(.*?)\\* *}</pre>", Pattern.DOTALL);
  private static final Pattern MARGIN = Pattern.compile("(?m)^\\s*\\* ?");
  private static final Pattern STATEMENT = Pattern.compile("(?m);\\s*$");
  private static final Pattern TYPE = Pattern.compile("\\b[A-Z]\\w+");
  private static final Pattern PUBLIC =
      Pattern.compile("(?m)^public .*?(?:class|interface|record|enum) (\\w+)");

  private JavadocExamples() {}

  /** The examples below a folder of sources, by the path of their file; a file's are joined. */
  public static Map<Path, String> below(Path sources) throws IOException {
    Map<Path, String> examples = new TreeMap<>();
    for (Path file : files(sources)) {
      Matcher blocks = BLOCK.matcher(Files.readString(file));
      while (blocks.find()) {
        String text = MARGIN.matcher(blocks.group(1)).replaceAll("");
        if (STATEMENT.matcher(text).find()) {
          examples.merge(file, text, (first, second) -> first + second);
        }
      }
    }
    return examples;
  }

  /**
   * What the compiler says of an example; nothing where it compiles.
   *
   * @param roots folders of sources whose public types it may name without importing them
   * @param others names of further types by their simple names
   * @param given declarations of what the example takes for granted, as of parameters
   * @param output for class files
   */
  public static String compile(
      Path file,
      String example,
      List<Path> roots,
      Map<String, String> others,
      String given,
      Path output)
      throws IOException {
    String text = Files.readString(file);
    Map<String, String> imports = new LinkedHashMap<>(others);
    for (Path root : roots) {
      for (Path source : files(root)) {
        Matcher type = PUBLIC.matcher(Files.readString(source));
        if (type.find() && (example + given).contains(type.group(1))) {
          String name = root.relativize(source).toString().replaceAll("\\.java$", "");
          imports.putIfAbsent(type.group(1), name.replace('/', '.').replace('\\', '.'));
        }
      }
    }
    Matcher own = Pattern.compile("(?m)^import ([\\w.]+\\.(\\w+));").matcher(text);
    while (own.find()) {
      imports.put(own.group(2), own.group(1));
    }
    StringBuilder unit = new StringBuilder();
    unit.append(text.lines().filter(line -> line.startsWith("package ")).findFirst().orElseThrow());
    Matcher types = TYPE.matcher(example + given);
    types
        .results()
        .map(found -> found.group())
        .distinct()
        .filter(imports::containsKey)
        .forEach(name -> unit.append("\nimport ").append(imports.get(name)).append(';'));
    unit.append("\nclass Example<A> {\n  void explain() {}\n  void example(").append(given);
    unit.append(") throws Exception {\n").append(example).append("\n}}\n");
    Path source = output.resolve("Example.java");
    Files.writeString(source, unit);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    boolean compiled =
        compiler
            .getTask(
                messages,
                null,
                null,
                List.of(
                    "-d",
                    output.toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    "-proc:none"),
                null,
                compiler.getStandardFileManager(null, null, null).getJavaFileObjects(source))
            .call();
    return compiled ? "" : unit + "\n" + messages;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
  }
}
