package io.sequencezoo.core.kernel;

/**
 * What a step of {@link Kernels#adamW} has in common for all parameters.
 *
 * @param gradientScale what gradients are multiplied by first
 * @param lr the learning rate
 * @param beta1 what the first moment keeps
 * @param beta2 what the second moment keeps
 * @param eps what the root of the second moment is raised by
 * @param decay the weight decay
 * @param correction1 {@code 1 - beta1^t}
 * @param correction2 {@code 1 - beta2^t}
 */
public record AdamWStep(
    double gradientScale,
    double lr,
    double beta1,
    double beta2,
    double eps,
    double decay,
    double correction1,
    double correction2) {}
