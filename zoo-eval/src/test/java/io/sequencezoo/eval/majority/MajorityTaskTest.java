package io.sequencezoo.eval.majority;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sequencezoo.core.config.Configs;
import io.sequencezoo.eval.cli.Zoo;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A task that is one class and one registry line, from the command line to the page. */
@Tag("any-kernels")
class MajorityTaskTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String line) {
    return Zoo.run(new PrintWriter(out, true), new PrintWriter(err, true), line.split(" "));
  }

  @Test
  void task_isTrainedScoredReportedAndResumed() throws Exception {
    Path to = folder.resolve("run");
    String line =
        "run majority --mixers lstm --set task.length=9 --set task.trainExamples=200"
            + " --set train.epochs=null --set train.steps=60 --set train.optimizer.lr=1e-2"
            + " --output "
            + to;
    assertThat(run(line)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("run: writing to " + to, "chance", "lstm", "last position");
    JsonNode results = Configs.json().readTree(to.resolve("results.json").toFile());
    assertThat(results.at("/config/task").toString())
        .isEqualTo("{\"type\":\"majority\",\"length\":9,\"trainExamples\":200}");
    assertThat(results.at("/chance").asDouble()).isEqualTo(0.5);
    assertThat(results.at("/runs/0/steps").asInt()).isEqualTo(60);
    assertThat(results.at("/runs/0/test/accuracy").asDouble()).isGreaterThan(0.8);
    assertThat(results.at("/runs/0/test/byPosition")).hasSize(9);
    assertThat(Files.readString(to.resolve("report.html"))).contains("Majority", "9 bits");

    // Both ways of going on read what is finished.
    String finished = Files.readString(to.resolve("lstm-seed1/run.json"));
    assertThat(run(line)).as(err.toString()).isZero();
    assertThat(run("run --resume " + to)).as(err.toString()).isZero();
    assertThat(to.resolve("lstm-seed1/run.json")).hasContent(finished);
    assertThat(run(line.replace("1e-2", "1e-3"))).isEqualTo(1);
    assertThat(err.toString()).contains("holds another experiment");

    Path model = to.resolve("lstm-seed1/model");
    assertThat(run("describe lstm --spectrum --length 9 --model " + model + " --out " + folder))
        .as(err.toString())
        .isZero();
  }

  @Test
  void mistakes_areOneLine() {
    for (String options :
        new String[] {
          "",
          "majorty",
          "majority --set task.length=0",
          "majority --set task.size=3",
          "majority --set tasks.length=3",
          "majority --set train.steps=9",
          "majority --resume " + folder,
          "--resume " + folder
        }) {
      int code = run(("run " + options + " --output " + folder.resolve("none")).strip());
      assertThat(code).as(options).isEqualTo(1);
    }
    assertThat(err.toString().lines())
        .hasSize(8)
        .allSatisfy(text -> assertThat(text).startsWith("zoo: "));
    assertThat(folder.resolve("none")).doesNotExist();
  }
}
