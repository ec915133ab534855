"""The gradient checker: does backward compute the derivative of forward?

Comparing the derivative of y.sum() is blind: it passes a batch norm whose input gradient is zero and a convolution
whose kernel gradient is flipped. Here y is weighed by a random u and the inputs move along a random v:

    <u, J v>      forward alone: central differences of <u, f(x + h v)>, Richardson-extrapolated
    <J^T u, v>    backward: run with gradient u, then the product with v

They are equal exactly when backward is the transpose of the forward's Jacobian J, but for chance and rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .backend import random
from .errors import GradcheckError
from .tensor import Tensor


def gradcheck(
    fn: Callable[..., Tensor],
    inputs: Sequence[Tensor],
    *,
    eps: float = 1e-4,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> bool:
    """Check the gradient of fn(*inputs) for each input that requires one, alone and then all together.

    inputs are float64 Tensors; those without requires_grad are held fixed. The error is |<u, Jv> - <J^T u, v>|
    over |u| |Jv|; correct operations reach 1e-8. Random state is put back around each call, so dropout is fine.

    Returns True. Raises GradcheckError naming the input, the worst element, both derivatives, eps and the seed;
    TypeError for float32 inputs; ValueError when nothing requires a gradient, or when two step sizes disagree
    because an input lies at a kink.
    """
    inputs = list(inputs)
    moving = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not moving:
        raise ValueError("gradcheck: no input requires a gradient; make one with tensor(..., requires_grad=True)")
    for i in moving:
        if inputs[i].dtype != np.float64:
            raise TypeError(
                f"gradcheck: input {i} is {inputs[i].dtype}; differences need float64 (float32 leaves 2-3 digits): "
                "pass tensor(x, dtype='float64', requires_grad=True)"
            )
    rng = np.random.default_rng(seed)
    state = random.get_rng_state()

    def run(*shifts):
        """fn with inputs[moving[k]] moved by shifts[k], on fresh leaves and with the same random numbers."""
        random.set_rng_state(state)
        leaves = list(inputs)
        for i, shift in zip(moving, shifts, strict=True):
            leaves[i] = Tensor(inputs[i].array + shift, requires_grad=True)
        return fn(*leaves), leaves

    still = [0.0] * len(moving)
    output, leaves = run(*still)
    u = rng.standard_normal(output.shape)
    output.backward(Tensor(u))
    grads = [np.zeros(leaves[i].shape) if leaves[i].grad is None else leaves[i].grad.array for i in moving]

    def differences(direction, h):
        """The slope along a direction, and the bend: by how much the slopes to both sides differ from it."""
        ahead, behind = (run(*(sign * h * d for d in direction))[0].array for sign in (1.0, -1.0))
        return (ahead - behind) / (2.0 * h), (ahead + behind - 2.0 * output.array) / (2.0 * h)

    def numeric(direction):
        """J v, with the error term in h^2 removed by a second step size."""
        (wide, bend), (narrow, half_bend) = differences(direction, eps), differences(direction, eps / 2)
        # where the function is smooth, the slope does not depend on the step and the bend is proportional to it
        kink = np.linalg.norm(wide - narrow) + np.linalg.norm(bend - 2.0 * half_bend)
        if kink > 1e-3 * (np.linalg.norm(narrow) + 1e-6):
            raise ValueError(
                f"gradcheck: steps of {eps} and {eps / 2} disagree by {kink:.3g} (seed {seed}): the function has a "
                "kink or a jump near these inputs; move them away from it"
            )
        return (4.0 * narrow - wide) / 3.0

    try:
        for chosen in [*([k] for k in range(len(moving))), list(range(len(moving)))]:
            v = [rng.standard_normal(g.shape) if k in chosen else np.zeros(g.shape) for k, g in enumerate(grads)]
            jv = numeric(v)
            expected = float((u * jv).sum())
            given = float(sum((g * d).sum() for g, d in zip(grads, v, strict=True)))
            scale = float(np.linalg.norm(u) * np.linalg.norm(jv))
            if not abs(expected - given) <= tolerance * max(scale, 1e-6):
                what = f"input {moving[chosen[0]]}" if len(chosen) == 1 else "all inputs together"
                raise GradcheckError(
                    f"gradcheck: the gradient of {what} is wrong: <u, Jv> = {expected:.9g} by differences, "
                    f"<J^T u, v> = {given:.9g} by backward (eps {eps}, seed {seed})"
                    + _worst_element(differences, u, grads, chosen[0], moving[chosen[0]], eps)
                )
    finally:
        random.set_rng_state(state)
    return True


def _worst_element(differences, u, grads, k, index, eps):
    """Go through the elements of one input, one at a time, and describe the one that is furthest off."""
    worst = (0.0, (), 0.0, 0.0)
    for place in np.ndindex(grads[k].shape):
        direction = [np.zeros(g.shape) for g in grads]
        direction[k][place] = 1.0
        numeric = float((u * differences(direction, eps)[0]).sum())
        analytic = float(grads[k][place])
        if abs(numeric - analytic) > worst[0]:
            worst = (abs(numeric - analytic), place, numeric, analytic)
    return f"; worst at {worst[1]} of input {index}: numeric {worst[2]:.9g}, analytic {worst[3]:.9g}"
