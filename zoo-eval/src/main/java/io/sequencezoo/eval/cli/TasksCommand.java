package io.sequencezoo.eval.cli;

import io.sequencezoo.eval.experiment.Task;
import io.sequencezoo.eval.experiment.TaskCatalog;
import io.sequencezoo.eval.experiment.Tasks;
import io.sequencezoo.eval.report.TextTable;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code zoo tasks}: every registered task. */
@Command(name = "tasks", description = "List every task that 'zoo run' trains on.")
final class TasksCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    List<List<String>> rows = new ArrayList<>();
    for (TaskCatalog.Entry entry : Tasks.get().entries().values()) {
      Task task = entry.standard();
      rows.add(List.of(task.name(), task.inputs(), entry.summary()));
    }
    spec.commandLine()
        .getOut()
        .print(TextTable.of(List.of("task", "inputs", "what is to be told"), rows));
    spec.commandLine().getOut().flush();
  }
}
