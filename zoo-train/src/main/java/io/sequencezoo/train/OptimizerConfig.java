package io.sequencezoo.train;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sequencezoo.core.block.Parameters;

/**
 * An optimiser's description. All take the full learning rate {@code lr}, which the schedule
 * scales, and a {@code weightDecay} that is decoupled from the gradient: {@code w -= lr·weightDecay
 * w} on parameters declared as weights, never on norms, biases and rates.
 *
 * <p>All are PyTorch's algorithms; AdaBelief, which PyTorch lacks, is its authors'.
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
      Settings.check("adamw", lr, beta1, beta2, eps, weightDecay);
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
  record Sgd(double lr, double weightDecay) implements OptimizerConfig {
    /** Checks the ranges. */
    public Sgd {
      Settings.check("sgd", lr, weightDecay);
    }

    /** The default of everything but the rate. */
    public static Sgd standard(double lr) {
      return new Sgd(lr, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new RuleOptimizer(Rule.sgd(), weightDecay, parameters);
    }
  }

  /** Nesterov's accelerated gradient; momentum 0.9 by default. */
  @JsonTypeName("nesterovs")
  record Nesterovs(double lr, double momentum, double weightDecay) implements OptimizerConfig {
    /** Checks the ranges. */
    public Nesterovs {
      Settings.check("nesterovs", lr, weightDecay);
      Settings.memory("nesterovs: momentum", momentum);
    }

    /** The default of everything but the rate. */
    public static Nesterovs standard(double lr) {
      return new Nesterovs(lr, 0.9, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new RuleOptimizer(Rule.nesterovs(momentum), weightDecay, parameters);
    }
  }

  /** Adam (Kingma and Ba, arXiv 1412.6980). */
  @JsonTypeName("adam")
  record Adam(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements OptimizerConfig {
    /** Checks the ranges. */
    public Adam {
      Settings.check("adam", lr, beta1, beta2, eps, weightDecay);
    }

    /** The default of everything but the rate. */
    public static Adam standard(double lr) {
      return new Adam(lr, 0.9, 0.999, 1e-8, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new FusedAdamW(new AdamW(lr, beta1, beta2, eps, weightDecay), parameters);
    }
  }

  /** AMSGrad (Reddi et al., arXiv 1904.09237). */
  @JsonTypeName("amsgrad")
  record AmsGrad(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements OptimizerConfig {
    /** Checks the ranges. */
    public AmsGrad {
      Settings.check("amsgrad", lr, beta1, beta2, eps, weightDecay);
    }

    /** The default of everything but the rate. */
    public static AmsGrad standard(double lr) {
      return new AmsGrad(lr, 0.9, 0.999, 1e-8, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new RuleOptimizer(Rule.amsGrad(beta1, beta2, eps), weightDecay, parameters);
    }
  }

  /** AdaMax (Kingma and Ba, arXiv 1412.6980, section 7.1). */
  @JsonTypeName("adamax")
  record AdaMax(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements OptimizerConfig {
    /** Checks the ranges. */
    public AdaMax {
      Settings.check("adamax", lr, beta1, beta2, eps, weightDecay);
    }

    /** The default of everything but the rate. */
    public static AdaMax standard(double lr) {
      return new AdaMax(lr, 0.9, 0.999, 1e-8, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new RuleOptimizer(Rule.adaMax(beta1, beta2, eps), weightDecay, parameters);
    }
  }

  /** AdaGrad (Duchi et al., JMLR 12, 2011). */
  @JsonTypeName("adagrad")
  record AdaGrad(double lr, double eps, double weightDecay) implements OptimizerConfig {
    /** Checks the ranges. */
    public AdaGrad {
      Settings.check("adagrad", lr, weightDecay);
      Settings.positive("adagrad: eps", eps);
    }

    /** The default of everything but the rate. */
    public static AdaGrad standard(double lr) {
      return new AdaGrad(lr, 1e-6, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new RuleOptimizer(Rule.adaGrad(eps), weightDecay, parameters);
    }
  }

  /** AdaDelta (Zeiler, arXiv 1212.5701); lr multiplies its own step and is 1 in the paper. */
  @JsonTypeName("adadelta")
  record AdaDelta(double lr, double rho, double eps, double weightDecay)
      implements OptimizerConfig {
    /** Checks the ranges. */
    public AdaDelta {
      Settings.check("adadelta", lr, weightDecay);
      Settings.memory("adadelta: rho", rho);
      Settings.positive("adadelta: eps", eps);
    }

    /** The paper's. */
    public static AdaDelta standard() {
      return new AdaDelta(1, 0.95, 1e-6, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new RuleOptimizer(Rule.adaDelta(rho, eps), weightDecay, parameters);
    }
  }

  /** Adam with Nesterov momentum, which warms up as PyTorch's (Dozat, ICLR workshop 2016). */
  @JsonTypeName("nadam")
  record Nadam(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements OptimizerConfig {
    /** Checks the ranges. */
    public Nadam {
      Settings.check("nadam", lr, beta1, beta2, eps, weightDecay);
    }

    /** The default of everything but the rate. */
    public static Nadam standard(double lr) {
      return new Nadam(lr, 0.9, 0.999, 1e-8, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new RuleOptimizer(Rule.nadam(beta1, beta2, eps), weightDecay, parameters);
    }
  }

  /** RMSProp (Hinton's lecture 6e, 2012). */
  @JsonTypeName("rmsprop")
  record RmsProp(double lr, double rho, double eps, double weightDecay) implements OptimizerConfig {
    /** Checks the ranges. */
    public RmsProp {
      Settings.check("rmsprop", lr, weightDecay);
      Settings.memory("rmsprop: rho", rho);
      Settings.positive("rmsprop: eps", eps);
    }

    /** The default of everything but the rate. */
    public static RmsProp standard(double lr) {
      return new RmsProp(lr, 0.95, 1e-8, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new RuleOptimizer(Rule.rmsProp(rho, eps), weightDecay, parameters);
    }
  }

  /** AdaBelief (Zhuang et al., arXiv 2010.07468). */
  @JsonTypeName("adabelief")
  record AdaBelief(double lr, double beta1, double beta2, double eps, double weightDecay)
      implements OptimizerConfig {
    /** Checks the ranges. */
    public AdaBelief {
      Settings.check("adabelief", lr, beta1, beta2, eps, weightDecay);
    }

    /** The default of everything but the rate. */
    public static AdaBelief standard(double lr) {
      return new AdaBelief(lr, 0.9, 0.999, 1e-14, 0);
    }

    @Override
    public Optimizer build(Parameters parameters) {
      return new RuleOptimizer(Rule.adaBelief(beta1, beta2, eps), weightDecay, parameters);
    }
  }
}
