package io.sequencezoo.core.dynamics.nonlinear.dense;

import static com.google.common.base.Preconditions.checkArgument;

import io.sequencezoo.core.kernel.CellKind;
import io.sequencezoo.core.kernel.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * How the numbers of a cell lie, and the stages of one step. A stage multiplies an operand with a
 * recurrent weight, adds the product to gates, and lets an element-wise {@link CellKind} follow.
 *
 * <p>The working row of one step has slots of H numbers: gates that the input drives, gates that it
 * doesn't, and auxiliaries, among them the operand of every stage. The row of the state has the
 * parts of the state, the hidden state first, and what only one stage hands to the next.
 */
public final class CellLayout {
  private final String name;
  private final List<String> parts;
  private final int inputGates;
  private final int gates;
  private final int slots;
  private final int stateSlots;
  private final List<Stage> stages;

  private CellLayout(
      String name,
      List<String> parts,
      int inputGates,
      int gates,
      int slots,
      int stateSlots,
      List<Stage> stages) {
    this.name = name;
    this.parts = List.copyOf(parts);
    this.inputGates = inputGates;
    this.gates = gates;
    this.slots = slots;
    this.stateSlots = stateSlots;
    this.stages = List.copyOf(stages);
  }

  /** A cell of one stage whose gates are all driven and all take a part of the product. */
  private static CellLayout single(String name, CellKind kind, String... parts) {
    int gates = kind.gates();
    Stage stage = new Stage(kind, 0, gates, gates, 0, IntStream.range(0, gates).toArray());
    int slots = gates + kind.auxiliaries();
    return new CellLayout(name, List.of(parts), gates, gates, slots, parts.length, List.of(stage));
  }

  /** {@code h' = tanh(x + h W)}. */
  public static CellLayout elmanTanh() {
    return single("elman", CellKind.ELMAN_TANH, "h");
  }

  /** {@code h' = max(x + h W, 0)}. */
  public static CellLayout elmanRelu() {
    return single("elman", CellKind.ELMAN_RELU, "h");
  }

  /** The LSTM with gates i, f, g, o. */
  public static CellLayout lstm() {
    return single("lstm", CellKind.LSTM, "h", "c");
  }

  /** The LSTM whose gates see the cell through weights of one number per unit. */
  public static CellLayout peepholeLstm() {
    return single("lstm", CellKind.LSTM_PEEPHOLE, "h", "c");
  }

  /** The LSTM with coupled input and forget gate; gates f, g, o. */
  public static CellLayout coupledLstm() {
    return single("lstm", CellKind.LSTM_COUPLED, "h", "c");
  }

  /** sLSTM with gates z, i, f, o. */
  public static CellLayout slstm() {
    return single("slstm", CellKind.SLSTM, "h", "c", "n", "m");
  }

  /** The GRU that resets after the product: gates r, z, n. */
  public static CellLayout gru() {
    Stage stage = new Stage(CellKind.GRU, 0, 4, 4, 0, new int[] {0, 1, 3});
    return new CellLayout("gru", List.of("h"), 3, 4, 6, 1, List.of(stage));
  }

  /** The GRU that resets before the product: gates r, z, n, the last from a stage of its own. */
  public static CellLayout gruResetBefore() {
    Stage reset = new Stage(CellKind.GRU_RESET, 0, 3, 3, 0, new int[] {0, 1});
    Stage update = new Stage(CellKind.GRU_UPDATE, 0, 3, 4, 1, new int[] {2});
    return new CellLayout("gru", List.of("h"), 3, 3, 6, 2, List.of(reset, update));
  }

  /** Recurrent highway layers, depth of them per step; gates h, t, driven in the first alone. */
  public static CellLayout highway(int depth) {
    checkArgument(depth >= 1, "rhn: depth must be at least 1, got %s", depth);
    List<Stage> stages = new ArrayList<>();
    for (int layer = 0; layer < depth; layer++) {
      int gate = 2 * layer;
      int aux = 2 * depth + 2 * layer;
      stages.add(new Stage(CellKind.HIGHWAY, gate, aux, aux, 0, new int[] {gate, gate + 1}));
    }
    return new CellLayout("rhn", List.of("s"), 2, 2 * depth, 4 * depth, 1, stages);
  }

  /** The name of the cell. */
  public String name() {
    return name;
  }

  /** Names of the parts of the state; the first is the hidden state, which is also the output. */
  public List<String> parts() {
    return parts;
  }

  /** G, the number of gates that the input drives. */
  public int inputGates() {
    return inputGates;
  }

  /** Gates that only a bias and recurrent products drive. */
  public int innerGates() {
    return gates - inputGates;
  }

  /** All gates. */
  public int gates() {
    return gates;
  }

  /** Numbers per unit of the working row. */
  int slots() {
    return slots;
  }

  /** Slots of the working row but for the operands. */
  int planes() {
    return slots - stages.size();
  }

  /** The place of a slot among those that are no operands. */
  int plane(int slot) {
    return slot - (int) stages.stream().filter(stage -> stage.operand < slot).count();
  }

  /**
   * Where the auxiliaries of a stage start among the slots that are no operands: operands come
   * first, and a kernel doesn't touch what would be theirs.
   */
  int auxiliaryPlane(Stage stage) {
    int end = stage.aux + stage.kind.auxiliaries();
    return plane(end) - stage.kind.auxiliaries();
  }

  /** Numbers per unit of the row of the state. */
  int stateSlots() {
    return stateSlots;
  }

  /** The stages of a step, in order. */
  public List<Stage> stages() {
    return stages;
  }

  /** Parameters per unit besides weights and biases. */
  public int parameters() {
    return stages.get(0).kind().parameters();
  }

  /** Products of one parameter with one number, as pairs of slots: gradients and what they meet. */
  List<Map.Entry<Integer, Integer>> parameterProducts() {
    // Peepholes: i and f see c (auxiliary 1), o sees c' (auxiliary 3).
    return parameters() == 0
        ? List.of()
        : List.of(Map.entry(0, gates + 1), Map.entry(1, gates + 1), Map.entry(3, gates + 3));
  }

  /**
   * The coefficient of the weight of a stage: {@code w} where there is only one, else {@code w0},
   * {@code w1} ...
   */
  public String weightName(int stage) {
    return stages.size() == 1 ? CellRecurrence.WEIGHT : CellRecurrence.WEIGHT + stage;
  }

  /**
   * One product and what follows it.
   *
   * @param kind the element-wise part
   * @param gate its first gate
   * @param aux its first auxiliary slot
   * @param operand the slot of what the weight multiplies
   * @param source the state slot that the operand copies
   * @param targets the gates that the columns of the weight add to, H columns each
   */
  public record Stage(CellKind kind, int gate, int aux, int operand, int source, int[] targets) {
    /** The element-wise part of one row, whose slots start at {@code at} and its state at so. */
    <A> void cell(Kernels<A> kernels, A work, int at, A state, int so, A own, Units units) {
      int gates = at + gate * units.hidden + units.left;
      int auxiliaries = at + aux * units.hidden + units.left;
      kernels.cell(
          kind,
          work,
          gates,
          auxiliaries,
          state,
          so + units.left,
          own,
          units.left,
          units.hidden,
          units.count());
    }

    /** Its pullback; the row's gradients of gates start at {@code gg}. */
    <A> void pullback(
        Kernels<A> kernels,
        A work,
        int at,
        A gState,
        int so,
        A gGates,
        int gg,
        A own,
        Units units) {
      int gates = gate * units.hidden + units.left;
      int auxiliaries = at + aux * units.hidden + units.left;
      kernels.cellPullback(
          kind,
          work,
          at + gates,
          auxiliaries,
          gState,
          so + units.left,
          gGates,
          gg + gates,
          own,
          units.left,
          units.hidden,
          units.count());
    }
  }

  /** Units {@code left} to {@code right - 1} of H. */
  record Units(int hidden, int left, int right) {
    static Units all(int hidden) {
      return new Units(hidden, 0, hidden);
    }

    int count() {
      return right - left;
    }
  }
}
