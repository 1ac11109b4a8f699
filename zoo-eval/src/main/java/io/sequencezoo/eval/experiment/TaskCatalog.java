package io.sequencezoo.eval.experiment;

import java.util.List;

/** What a module adds to the tasks; found by {@link java.util.ServiceLoader}. */
public interface TaskCatalog {
  /** One entry per task. */
  List<Entry> entries();

  /**
   * A registered task.
   *
   * @param standard the task where an experiment describes none
   * @param summary one line for {@code zoo tasks}
   */
  record Entry(Task standard, String summary) {}
}
