package io.sequencezoo.train;

import static com.google.common.base.Preconditions.checkState;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.core.io.AtomicFiles;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Writes a line of JSON per update, evaluation and event to a file. A resumed run goes on in the
 * same file: lines after the step that it resumes from, and a line that a crash cut off, are
 * dropped first, so that every step appears once.
 */
public final class JsonLinesLog implements TrainListener, AutoCloseable {
  private final Path file;
  private @Nullable BufferedWriter writer;

  /** A log in this file; its folder is made when the run starts. */
  public JsonLinesLog(Path file) {
    this.file = file;
  }

  /** The time that all updates in a log took, over however many processes. */
  public static CpuClock.Span spent(Path file) throws IOException {
    double seconds = 0;
    double cpuSeconds = 0;
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        JsonNode line = Configs.json().readTree(text);
        seconds += line.path("seconds").asDouble();
        cpuSeconds += line.path("cpuSeconds").asDouble();
      }
    }
    return new CpuClock.Span(seconds, cpuSeconds);
  }

  @Override
  public void started(Start start) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      dropAfter(start.resumedStep());
      writer = Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public void stepped(Step step) {
    ObjectNode line = line("step", step.step());
    line.put("tokens", step.totalTokens());
    line.put("loss", step.loss());
    if (!step.auxiliary().isEmpty()) {
      ObjectNode auxiliary = line.putObject("auxiliary");
      step.auxiliary().forEach(auxiliary::put);
    }
    line.put("learningRate", step.learningRate());
    line.put("gradientNorm", step.gradientNorm());
    line.put("seconds", step.seconds());
    line.put("cpuSeconds", step.cpuSeconds());
    write(line);
  }

  @Override
  public void evaluated(History.Evaluated evaluated, boolean best) {
    ObjectNode line = line("evaluation", evaluated.step());
    line.put("tokens", evaluated.tokens());
    line.put("score", evaluated.evaluation().score());
    line.put("best", best);
    ObjectNode metrics = line.putObject("metrics");
    evaluated.evaluation().metrics().forEach(metrics::put);
    write(line);
  }

  @Override
  public void saved(long step, Path folder) {
    write(line("checkpoint", step).put("folder", folder.getFileName().toString()));
  }

  @Override
  public void finished(TrainResult result) {
    ObjectNode line = line("end", result.steps());
    line.set("why", Configs.json().valueToTree(result.end()));
    write(line.put("bestStep", result.bestStep()).put("bestScore", result.bestScore()));
    close();
  }

  @Override
  public void failed(RuntimeException cause) {
    close();
  }

  @Override
  public void close() {
    if (writer != null) {
      try {
        writer.close();
        writer = null;
      } catch (IOException e) {
        throw failure(e);
      }
    }
  }

  private static ObjectNode line(String event, long step) {
    return Configs.json().createObjectNode().put("event", event).put("step", step);
  }

  private void write(ObjectNode line) {
    checkState(writer != null, "log %s: must be started and open, got one that isn't", file);
    try {
      writer.write(Configs.json().writeValueAsString(line));
      writer.write('\n');
      // A reader that follows the file sees whole lines.
      writer.flush();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private void dropAfter(long step) throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    StringBuilder kept = new StringBuilder();
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        if (belongsBefore(text, step)) {
          kept.append(text).append('\n');
        }
      }
    }
    AtomicFiles.writeString(file, kept.toString());
  }

  private static boolean belongsBefore(String text, long step) {
    try {
      JsonNode line = Configs.json().readTree(text);
      boolean end = line.path("event").asText().equals("end");
      return line.path("step").isNumber() && line.path("step").asLong() <= step && !end;
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  private UncheckedIOException failure(IOException cause) {
    return new UncheckedIOException(
        file + ": can't be written (" + cause.getMessage() + ")", cause);
  }
}
