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
  Double lr();

  /** The decoupled weight decay. */
  Double weightDecay();

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
  record AdamW(Double lr, Double beta1, Double beta2, Double eps, Double weightDecay)
      implements OptimizerConfig {
    /** Fills in defaults and checks. */
    public AdamW {
      lr = Settings.rate("adamw", lr);
      beta1 = Settings.memory("adamw: beta1", beta1, 0.9);
      beta2 = Settings.memory("adamw: beta2", beta2, 0.999);
      eps = Settings.positive("adamw: eps", eps, 1e-8);
      weightDecay = Settings.decay("adamw", weightDecay, 0.01);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new FusedAdamW(this, parameters);
    }
  }

  /** Plain gradient descent. */
  @JsonTypeName("sgd")
  record Sgd(Double lr, Double weightDecay) implements Nd4jUpdater {
    /** Fills in defaults and checks. */
    public Sgd {
      lr = Settings.rate("sgd", lr);
      weightDecay = Settings.decay("sgd", weightDecay, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.Sgd(lr);
    }
  }

  /** Nesterov's accelerated gradient; momentum 0.9 by default. */
  @JsonTypeName("nesterovs")
  record Nesterovs(Double lr, Double momentum, Double weightDecay) implements Nd4jUpdater {
    /** Fills in defaults and checks. */
    public Nesterovs {
      lr = Settings.rate("nesterovs", lr);
      momentum = Settings.memory("nesterovs: momentum", momentum, 0.9);
      weightDecay = Settings.decay("nesterovs", weightDecay, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.Nesterovs(lr, momentum);
    }
  }

  /** Adam (Kingma and Ba, arXiv 1412.6980). */
  @JsonTypeName("adam")
  record Adam(Double lr, Double beta1, Double beta2, Double eps, Double weightDecay)
      implements Nd4jUpdater {
    /** Fills in defaults and checks. */
    public Adam {
      lr = Settings.rate("adam", lr);
      beta1 = Settings.memory("adam: beta1", beta1, 0.9);
      beta2 = Settings.memory("adam: beta2", beta2, 0.999);
      eps = Settings.positive("adam: eps", eps, 1e-8);
      weightDecay = Settings.decay("adam", weightDecay, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.Adam(lr, beta1, beta2, eps);
    }
  }

  /** AMSGrad (Reddi et al., arXiv 1904.09237). */
  @JsonTypeName("amsgrad")
  record AmsGrad(Double lr, Double beta1, Double beta2, Double eps, Double weightDecay)
      implements Nd4jUpdater {
    /** Fills in defaults and checks. */
    public AmsGrad {
      lr = Settings.rate("amsgrad", lr);
      beta1 = Settings.memory("amsgrad: beta1", beta1, 0.9);
      beta2 = Settings.memory("amsgrad: beta2", beta2, 0.999);
      eps = Settings.positive("amsgrad: eps", eps, 1e-8);
      weightDecay = Settings.decay("amsgrad", weightDecay, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.AMSGrad(lr, beta1, beta2, eps);
    }
  }

  /** AdaMax (Kingma and Ba, arXiv 1412.6980, section 7.1). */
  @JsonTypeName("adamax")
  record AdaMax(Double lr, Double beta1, Double beta2, Double eps, Double weightDecay)
      implements Nd4jUpdater {
    /** Fills in defaults and checks. */
    public AdaMax {
      lr = Settings.rate("adamax", lr);
      beta1 = Settings.memory("adamax: beta1", beta1, 0.9);
      beta2 = Settings.memory("adamax: beta2", beta2, 0.999);
      eps = Settings.positive("adamax: eps", eps, 1e-8);
      weightDecay = Settings.decay("adamax", weightDecay, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.AdaMax(lr, beta1, beta2, eps);
    }
  }

  /** AdaGrad (Duchi et al., JMLR 12, 2011). */
  @JsonTypeName("adagrad")
  record AdaGrad(Double lr, Double eps, Double weightDecay) implements Nd4jUpdater {
    /** Fills in defaults and checks. */
    public AdaGrad {
      lr = Settings.rate("adagrad", lr);
      eps = Settings.positive("adagrad: eps", eps, 1e-6);
      weightDecay = Settings.decay("adagrad", weightDecay, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.AdaGrad(lr, eps);
    }
  }

  /** AdaDelta (Zeiler, arXiv 1212.5701); lr multiplies its own step and is 1 in the paper. */
  @JsonTypeName("adadelta")
  record AdaDelta(Double lr, Double rho, Double eps, Double weightDecay) implements Nd4jUpdater {
    /** Fills in defaults and checks. */
    public AdaDelta {
      lr = Settings.rate("adadelta", lr == null ? Double.valueOf(1) : lr);
      rho = Settings.memory("adadelta: rho", rho, 0.95);
      eps = Settings.positive("adadelta: eps", eps, 1e-6);
      weightDecay = Settings.decay("adadelta", weightDecay, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.AdaDelta(rho, eps);
    }
  }

  /** Adam with Nesterov momentum, which warms up as PyTorch's (Dozat, ICLR workshop 2016). */
  @JsonTypeName("nadam")
  record Nadam(Double lr, Double beta1, Double beta2, Double eps, Double weightDecay)
      implements OptimizerConfig {
    /** Fills in defaults and checks. */
    public Nadam {
      lr = Settings.rate("nadam", lr);
      beta1 = Settings.memory("nadam: beta1", beta1, 0.9);
      beta2 = Settings.memory("nadam: beta2", beta2, 0.999);
      eps = Settings.positive("nadam: eps", eps, 1e-8);
      weightDecay = Settings.decay("nadam", weightDecay, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new FusedNadam(this, parameters);
    }
  }

  /** RMSProp (Hinton's lecture 6e, 2012). */
  @JsonTypeName("rmsprop")
  record RmsProp(Double lr, Double rho, Double eps, Double weightDecay) implements Nd4jUpdater {
    /** Fills in defaults and checks. */
    public RmsProp {
      lr = Settings.rate("rmsprop", lr);
      rho = Settings.memory("rmsprop: rho", rho, 0.95);
      eps = Settings.positive("rmsprop: eps", eps, 1e-8);
      weightDecay = Settings.decay("rmsprop", weightDecay, 0);
    }

    @Override
    public IUpdater updater() {
      return new org.nd4j.linalg.learning.config.RmsProp(lr, rho, eps);
    }
  }

  /** AdaBelief (Zhuang et al., arXiv 2010.07468). */
  @JsonTypeName("adabelief")
  record AdaBelief(Double lr, Double beta1, Double beta2, Double eps, Double weightDecay)
      implements Nd4jUpdater {
    /** Fills in defaults and checks. */
    public AdaBelief {
      lr = Settings.rate("adabelief", lr);
      beta1 = Settings.memory("adabelief: beta1", beta1, 0.9);
      beta2 = Settings.memory("adabelief: beta2", beta2, 0.999);
      eps = Settings.positive("adabelief: eps", eps, 1e-14);
      weightDecay = Settings.decay("adabelief", weightDecay, 0);
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
