package io.sequencezoo.train;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.Parameters;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * An optimiser's description. All take the full learning rate {@code lr}, which the schedule
 * scales, and a {@code weightDecay} that is decoupled from the gradient: {@code w -= lr·weightDecay
 * w} on parameters declared as weights, never on norms, biases and rates.
 *
 * <p>{@code adamw} and {@code nadam} are ours, fused and parallel; the others are ND4J's updaters
 * on the flat vector.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(OptimizerConfig.AdamW.class),
  @JsonSubTypes.Type(OptimizerConfig.Sgd.class),
  @JsonSubTypes.Type(OptimizerConfig.Nesterovs.class),
  @JsonSubTypes.Type(OptimizerConfig.Adam.class),
  @JsonSubTypes.Type(OptimizerConfig.AmsGrad.class),
  @JsonSubTypes.Type(OptimizerConfig.AdaMax.class),
  @JsonSubTypes.Type(OptimizerConfig.AdaGrad.class),
  @JsonSubTypes.Type(OptimizerConfig.AdaDelta.class),
  @JsonSubTypes.Type(OptimizerConfig.Nadam.class),
  @JsonSubTypes.Type(OptimizerConfig.RmsProp.class),
  @JsonSubTypes.Type(OptimizerConfig.AdaBelief.class)
})
public sealed interface OptimizerConfig {
  /** The full learning rate. */
  double lr();

  /** The decoupled weight decay. */
  double weightDecay();

  /** A new optimiser of these parameters. */
  Optimizer build(Parameters parameters);

  /**
   * Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2).
   *
   * @param lr the full rate; mandatory
   * @param beta1 memory of the gradient, 0.9 by default
   * @param beta2 memory of its square, 0.999 by default
   * @param eps 1e-8 by default
   * @param weightDecay 0.01 by default
   */
  @JsonTypeName("adamw")
  record AdamW(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements OptimizerConfig {
    /** Checks the ranges. */
    public AdamW {
      Settings.rate("adamw", lr);
      Settings.memory("adamw: beta1", beta1);
      Settings.memory("adamw: beta2", beta2);
      Settings.positive("adamw: eps", eps);
      Settings.decay("adamw", weightDecay);
    }

    /** The default of everything but the rate. */
    public static AdamW standard(double lr) {
      return new AdamW(lr, 0.9, 0.999, 1e-8, 0.01);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new FusedAdamW(this, parameters);
    }
  }

  /** Plain gradient descent. */
  @JsonTypeName("sgd")
  record Sgd(double lr, double weightDecay) implements Nd4jUpdater {
    /** Checks the ranges. */
    public Sgd {
      Settings.rate("sgd", lr);
      Settings.decay("sgd", weightDecay);
    }

    /** The default of everything but the rate. */
    public static Sgd standard(double lr) {
      return new Sgd(lr, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.Sgd(lr);
    }
  }

  /** Nesterov's accelerated gradient; momentum 0.9 by default. */
  @JsonTypeName("nesterovs")
  record Nesterovs(double lr, double momentum, double weightDecay) implements Nd4jUpdater {
    /** Checks the ranges. */
    public Nesterovs {
      Settings.rate("nesterovs", lr);
      Settings.memory("nesterovs: momentum", momentum);
      Settings.decay("nesterovs", weightDecay);
    }

    /** The default of everything but the rate. */
    public static Nesterovs standard(double lr) {
      return new Nesterovs(lr, 0.9, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.Nesterovs(lr, momentum);
    }
  }

  /** Adam (Kingma and Ba, arXiv 1412.6980). */
  @JsonTypeName("adam")
  record Adam(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements Nd4jUpdater {
    /** Checks the ranges. */
    public Adam {
      Settings.rate("adam", lr);
      Settings.memory("adam: beta1", beta1);
      Settings.memory("adam: beta2", beta2);
      Settings.positive("adam: eps", eps);
      Settings.decay("adam", weightDecay);
    }

    /** The default of everything but the rate. */
    public static Adam standard(double lr) {
      return new Adam(lr, 0.9, 0.999, 1e-8, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.Adam(lr, beta1, beta2, eps);
    }
  }

  /** AMSGrad (Reddi et al., arXiv 1904.09237). */
  @JsonTypeName("amsgrad")
  record AmsGrad(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements Nd4jUpdater {
    /** Checks the ranges. */
    public AmsGrad {
      Settings.rate("amsgrad", lr);
      Settings.memory("amsgrad: beta1", beta1);
      Settings.memory("amsgrad: beta2", beta2);
      Settings.positive("amsgrad: eps", eps);
      Settings.decay("amsgrad", weightDecay);
    }

    /** The default of everything but the rate. */
    public static AmsGrad standard(double lr) {
      return new AmsGrad(lr, 0.9, 0.999, 1e-8, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.AMSGrad(lr, beta1, beta2, eps);
    }
  }

  /** AdaMax (Kingma and Ba, arXiv 1412.6980, section 7.1). */
  @JsonTypeName("adamax")
  record AdaMax(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements Nd4jUpdater {
    /** Checks the ranges. */
    public AdaMax {
      Settings.rate("adamax", lr);
      Settings.memory("adamax: beta1", beta1);
      Settings.memory("adamax: beta2", beta2);
      Settings.positive("adamax: eps", eps);
      Settings.decay("adamax", weightDecay);
    }

    /** The default of everything but the rate. */
    public static AdaMax standard(double lr) {
      return new AdaMax(lr, 0.9, 0.999, 1e-8, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.AdaMax(lr, beta1, beta2, eps);
    }
  }

  /** AdaGrad (Duchi et al., JMLR 12, 2011). */
  @JsonTypeName("adagrad")
  record AdaGrad(double lr, double eps, double weightDecay) implements Nd4jUpdater {
    /** Checks the ranges. */
    public AdaGrad {
      Settings.rate("adagrad", lr);
      Settings.positive("adagrad: eps", eps);
      Settings.decay("adagrad", weightDecay);
    }

    /** The default of everything but the rate. */
    public static AdaGrad standard(double lr) {
      return new AdaGrad(lr, 1e-6, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.AdaGrad(lr, eps);
    }
  }

  /** AdaDelta (Zeiler, arXiv 1212.5701); lr multiplies its own step and is 1 in the paper. */
  @JsonTypeName("adadelta")
  record AdaDelta(double lr, double rho, double eps, double weightDecay) implements Nd4jUpdater {
    /** Checks the ranges. */
    public AdaDelta {
      Settings.rate("adadelta", lr);
      Settings.memory("adadelta: rho", rho);
      Settings.positive("adadelta: eps", eps);
      Settings.decay("adadelta", weightDecay);
    }

    /** The paper's. */
    public static AdaDelta standard() {
      return new AdaDelta(1, 0.95, 1e-6, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.AdaDelta(rho, eps);
    }
  }

  /** Adam with Nesterov momentum, which warms up as PyTorch's (Dozat, ICLR workshop 2016). */
  @JsonTypeName("nadam")
  record Nadam(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements OptimizerConfig {
    /** Checks the ranges. */
    public Nadam {
      Settings.rate("nadam", lr);
      Settings.memory("nadam: beta1", beta1);
      Settings.memory("nadam: beta2", beta2);
      Settings.positive("nadam: eps", eps);
      Settings.decay("nadam", weightDecay);
    }

    /** The default of everything but the rate. */
    public static Nadam standard(double lr) {
      return new Nadam(lr, 0.9, 0.999, 1e-8, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new FusedNadam(this, parameters);
    }
  }

  /** RMSProp (Hinton's lecture 6e, 2012). */
  @JsonTypeName("rmsprop")
  record RmsProp(double lr, double rho, double eps, double weightDecay) implements Nd4jUpdater {
    /** Checks the ranges. */
    public RmsProp {
      Settings.rate("rmsprop", lr);
      Settings.memory("rmsprop: rho", rho);
      Settings.positive("rmsprop: eps", eps);
      Settings.decay("rmsprop", weightDecay);
    }

    /** The default of everything but the rate. */
    public static RmsProp standard(double lr) {
      return new RmsProp(lr, 0.95, 1e-8, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.RmsProp(lr, rho, eps);
    }
  }

  /** AdaBelief (Zhuang et al., arXiv 2010.07468). */
  @JsonTypeName("adabelief")
  record AdaBelief(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements Nd4jUpdater {
    /** Checks the ranges. */
    public AdaBelief {
      Settings.rate("adabelief", lr);
      Settings.memory("adabelief: beta1", beta1);
      Settings.memory("adabelief: beta2", beta2);
      Settings.positive("adabelief: eps", eps);
      Settings.decay("adabelief", weightDecay);
    }

    /** The default of everything but the rate. */
    public static AdaBelief standard(double lr) {
      return new AdaBelief(lr, 0.9, 0.999, 1e-14, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.AdaBelief(lr, beta1, beta2, eps);
    }
  }

  /** The optimisers that ND4J implements. */
  sealed interface Nd4jUpdater extends OptimizerConfig {
    /** ND4J's own description, at the full rate. */
    IUpdater updater();

    @Override
    default Optimizer build(Parameters parameters) {
      return new FlatUpdater(updater(), weightDecay(), parameters);
    }
  }
}
