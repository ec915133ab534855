"""The gradient checker: does backward compute the derivative of forward?

Comparing the derivative of y.sum() is blind: it passes a batch norm whose input gradient is zero and a convolution
whose kernel gradient is flipped. Here y is weighed by a random u and the inputs move along a random v:

    <u, J v>      forward alone: central differences of <u, f(x + h v)>, Richardson-extrapolated
    <J^T u, v>    backward: run with gradient u, then the product with v

Up to rounding, they are equal for random u and v only if backward is the transpose of the forward's Jacobian J.
"""

from collections.abc import Callable, Sequence

import numpy as np

from .backend import random, to_device
from .errors import GradcheckError
from .nn.module import Module, Parameter
from .tensor import Tensor


def gradcheck(
    fn: Callable[..., Tensor],
    inputs: Tensor | Sequence[Tensor],
    *,
    eps: float = 1e-4,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> bool:
    """Check the gradient of fn(*inputs) for each input that requires one, alone and then all together.

    inputs are float64 Tensors, or one; those without requires_grad are held fixed. The error is |<u, Jv> - <J^T u, v>|
    over |u| |Jv| or, where the sum cancels, over the size of its terms; correct operations reach 1e-8. The random
    state, and the buffers if fn is a Module, are put back around each call, so dropout and running statistics are fine.

    Returns True. Raises GradcheckError naming the input, the worst element, both derivatives, eps and the seed;
    TypeError for float32 inputs or an fn that returns no Tensor; ValueError when nothing requires a gradient, for
    an eps or a tolerance that is not above 0, or when two step sizes disagree because an input lies at a kink.
    """
    for what, value in (("eps", eps), ("tolerance", tolerance)):
        if not value > 0:
            raise ValueError(f"gradcheck: {what} must be above 0, got {value}")
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    moving = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not moving:
        raise ValueError("gradcheck: no input requires a gradient; make one with tensor(..., requires_grad=True)")
    for i in moving:
        if inputs[i].dtype != np.float64:
            raise TypeError(
                f"gradcheck: input {i} is {inputs[i].dtype}; differences need float64 (float32 leaves 2-3 digits): "
                "pass tensor(x, dtype='float64', requires_grad=True)"
            )
    put_back = _snapshot(fn)
    try:
        _compare(fn, inputs, moving, put_back, eps, tolerance, seed)
    finally:
        put_back()
    return True


def _compare(fn, inputs, moving, put_back, eps, tolerance, seed):
    """Both derivatives for each input that is `moving`, then for all; every call of fn starts from put_back()."""
    rng = np.random.default_rng(seed)

    def run(*shifts):
        """fn with inputs[moving[k]] moved by shifts[k], on fresh leaves, with the same random numbers and buffers."""
        put_back()
        leaves = list(inputs)
        for i, shift in zip(moving, shifts, strict=True):
            moved = np.asarray(_numpy(inputs[i]) + shift)
            leaves[i] = Tensor(to_device(moved, inputs[i].device), requires_grad=True)
        output = fn(*leaves)
        if not isinstance(output, Tensor):
            raise TypeError(f"gradcheck: fn must return a Tensor, got {type(output).__name__}; pick one of its results")
        return output, leaves

    still = [0.0] * len(moving)
    output, leaves = run(*still)
    u = rng.standard_normal(output.shape)
    output.backward(Tensor(to_device(u, output.device)))
    arrived = [leaves[i].grad for i in moving]
    grads = [np.zeros(inputs[i].shape) if g is None else _numpy(g) for i, g in zip(moving, arrived, strict=True)]
    middle = _numpy(output)

    def differences(direction, h):
        """The slope along a direction, and the bend: by how much the slopes to both sides differ from it."""
        ahead, behind = (_numpy(run(*(sign * h * d for d in direction))[0]) for sign in (1.0, -1.0))
        return (ahead - behind) / (2.0 * h), (ahead + behind - 2.0 * middle) / (2.0 * h)

    def terms(direction):
        """The size of what is summed to <J^T u, v>, where the sum itself may be almost nothing."""
        return float(np.sqrt(sum(((g * d) ** 2).sum() for g, d in zip(grads, direction, strict=True))))

    def numeric(direction):
        """J v, with the error term in h^2 removed by a second step size."""
        (wide, bend), (narrow, half_bend) = differences(direction, eps), differences(direction, eps / 2)
        # where the function is smooth, the slope does not depend on the step and the bend is proportional to it
        kink = abs(wide - narrow) + abs(bend - 2.0 * half_bend)
        bad = kink > 1e-3 * abs(narrow) + _slack(narrow, middle, terms(direction) / (float(np.linalg.norm(u)) or 1.0))
        if bad.any():
            place = tuple(map(int, np.argwhere(bad)[0]))
            raise ValueError(
                f"gradcheck: steps of {eps} and {eps / 2} disagree by {kink[place]:.3g} at {place} of the output (seed "
                f"{seed}): the function has a kink or a jump near these inputs; move them away from it"
            )
        return (4.0 * narrow - wide) / 3.0

    for chosen in [*([k] for k in range(len(moving))), list(range(len(moving)))]:
        v = [rng.standard_normal(g.shape) if k in chosen else np.zeros(g.shape) for k, g in enumerate(grads)]
        jv = numeric(v)
        expected = float((u * jv).sum())
        given = float(sum((g * d).sum() for g, d in zip(grads, v, strict=True)))
        scale = max(float(np.linalg.norm(u) * np.linalg.norm(jv)), terms(v))
        # what rounding leaves of a difference of two outputs, over the step: it counts where J v is almost nothing
        rounding = 16.0 * np.finfo(np.float64).eps * float(np.linalg.norm(u) * np.linalg.norm(middle)) / eps
        if not abs(expected - given) <= tolerance * max(scale, 1e-6) + rounding:
            what = f"input {moving[chosen[0]]}" if len(chosen) == 1 else "all inputs together"
            raise GradcheckError(
                f"gradcheck: the gradient of {what} is wrong: <u, Jv> = {expected:.9g} by differences, "
                f"<J^T u, v> = {given:.9g} by backward (eps {eps}, seed {seed})"
                + _worst_element(differences, u, grads, chosen[0], moving[chosen[0]], eps)
            )


def _snapshot(fn):
    """A function that puts the random state, and the buffers if fn is a Module, back to what they are now."""
    state = random.get_rng_state()
    buffers = [
        (module, name, value, value.array.copy())
        for module in (fn.modules() if isinstance(fn, Module) else ())
        for name, value in vars(module).items()
        if isinstance(value, Tensor) and not isinstance(value, Parameter)
    ]

    def put_back():
        random.set_rng_state(state)
        for module, name, buffer, values in buffers:  # it may have been written into, or replaced
            buffer.array[...] = values
            setattr(module, name, buffer)

    return put_back


def _numpy(tensor):
    return to_device(tensor.array, "cpu")


def _slack(slopes, values, terms):
    """How far slopes may differ without a kink: curvature where a slope happens to be near 0, and rounding."""
    if not slopes.size:
        return 0.0
    usual = max(float(np.sqrt((slopes**2).mean())), terms)  # of the slopes, and of the terms of a single one
    return 1e-5 * min(1.0, usual) + 1e-9 * max(1.0, float(abs(values).max()))


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
