"""nnlite.capture: a training step on the GPU, replayed as a whole instead of kernel by kernel."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from typing import Any

from . import backend as backends
from .backend.plain import Plain
from .optim.optimizer import Optimizer
from .tensor import Tensor

# For each new shape of the inputs, so many calls run as usual before one is captured: the first compiles the kernels
# and makes the optimiser's state, the second finds both in place.
EAGER_CALLS = 2
# Each shape has a recording with memory of its own. After so many, we give up: there may be no end to them.
RECORDINGS = 16


def capture(step: Callable[..., Any]) -> Callable[..., Any]:
    """The same step, but on the GPU all its kernels start together: Python is the bottleneck of small networks.

        nnlite.backends.use("fast")
        train_step = nnlite.capture(model.train_step)
        for photo, cartoon in loader:
            losses = train_step(photo, cartoon)

    Every call is a real step: the first two for each new shape of the arguments run as they would without `capture`,
    the third is captured, and from then on it is replayed with the arguments of each call. Arguments are Tensors on
    the GPU, or plain values (a number, a string, None, ...); each new value gets a recording of its own. What the
    step returns (Tensors, in dictionaries, lists or tuples) is copied, outside the graph of the backward pass.

    The step must contain everything from zero_grad to the optimiser's step. Its Python code runs only while it is
    captured, so counters, printing and decisions in it happen once (learning rates and the optimisers' count of steps
    do go on). It must never wait for the GPU, as .item(), float(loss) or saving an image would, and random numbers
    must be drawn on the GPU. docs/gpu.md lists the operations that cannot be captured.

    Where a step cannot be captured there is one warning, and it runs as usual: without a GPU, for Tensors on the CPU,
    on the plain backend, and when an operation in it cannot be captured.
    """
    return _Captured(step)


class _Captured:
    """`step`, and a recording of it for each shape of the inputs."""

    def __init__(self, step: Callable[..., Any]):
        self.step, self.__doc__ = step, step.__doc__
        self.eager = False  # for good
        self.played: dict[Any, _Played] = {}

    def __call__(self, *arguments: Any) -> Any:
        obstacle = None if self.eager else _obstacle(arguments)
        if obstacle:
            self._give_up(obstacle)
        if self.eager:
            return self.step(*arguments)
        signature = _signature(arguments)
        if signature not in self.played:
            if len(self.played) == RECORDINGS:
                self._give_up(f"shapes or values of its arguments have changed {RECORDINGS} times")
                return self.step(*arguments)
            self.played[signature] = _Played(self.step, arguments)
        played = self.played[signature]
        if played.calls == EAGER_CALLS:
            before = _Undo()
            try:
                return played.capture(arguments)
            except BaseException as error:
                before.restore()
                if not isinstance(error, RuntimeError):  # as CuPy's and CUDA's refusals are
                    raise
                self._give_up(f"{type(error).__name__}: {error}")
                return self.step(*arguments)
        return played.run(arguments)

    def _give_up(self, reason: str) -> None:
        self.eager = True
        self.played.clear()
        name = getattr(self.step, "__name__", type(self.step).__name__)
        warnings.warn(f"capture: {name} runs step by step, as without capture: {reason}", stacklevel=3)


class _Played:
    """The step for one shape of the inputs: first run, then captured, then replayed."""

    def __init__(self, step: Callable[..., Any], arguments: tuple):
        self.step, self.calls = step, 0
        self.recording = _recording()
        self.fixed = [Tensor(a.array.copy(order="K")) if isinstance(a, Tensor) else a for a in arguments]

    def run(self, arguments: tuple) -> Any:
        """A step, eager or replayed."""
        if self.calls < EAGER_CALLS:
            result = self.recording.run(lambda: self._call(arguments))
        else:
            self.recording.replay(lambda: self._take(arguments))
            result = self.result
        self.calls += 1
        return _copied(result)

    def capture(self, arguments: tuple) -> Any:
        """The step that is captured, and then runs for the first time."""
        self.recording.run(lambda: self._take(arguments))
        self.result = _detached(self.recording.record(lambda: self.step(*self.fixed)))
        self.calls += 1
        return _copied(self.result)

    def _call(self, arguments):
        self._take(arguments)
        return self.step(*self.fixed)

    def _take(self, arguments):
        for mine, given in zip(self.fixed, arguments, strict=True):
            if isinstance(given, Tensor):
                mine.array[...] = given.array


class _Undo:
    """What an attempt to capture changes though no kernel runs: which gradients there are, and the optimisers' state.

    It looks through all tensors and optimisers of the program: nobody knows which ones a function will use.
    """

    def __init__(self):
        things = gc.get_objects()
        tensors = [t for t in things if issubclass(type(t), Tensor)]  # isinstance would call __class__ of lazy proxies
        optimizers = [o for o in things if issubclass(type(o), Optimizer)]
        self.gradients = [(t, t.grad) for t in tensors]
        self.states = [(o, {p: dict(state) for p, state in o.state.items()}) for o in optimizers]

    def restore(self) -> None:
        for tensor, grad in self.gradients:
            tensor.grad = grad
        for optimizer, state in self.states:
            optimizer.state = state


def _obstacle(arguments):
    """Why no step with these arguments can be captured; None if one may be."""
    if not backends.gpu_available():
        return "there is no GPU"
    if any(isinstance(a, Tensor) and a.device != "gpu" for a in arguments):
        return "its arguments lie on the CPU (move the model and the loader's batches to the GPU)"
    if type(backends.on("gpu")) is Plain:
        return 'the plain backend cannot be captured; switch to the kernels: nnlite.backends.use("fast")'
    return None


def _recording():
    from .backend.gpu.capture import Recording  # needs CuPy

    return Recording()


def _signature(arguments):
    """What must be equal for two calls to be one recording."""
    try:
        if any(isinstance(a, Tensor) and a.requires_grad for a in arguments):
            raise TypeError
        key = tuple((a.shape, a.dtype) if isinstance(a, Tensor) else (type(a), a) for a in arguments)
        hash(key)
    except TypeError:
        given = ", ".join(type(a).__name__ for a in arguments)
        raise TypeError(
            "capture: arguments are Tensors on the GPU that require no gradient, or plain values, "
            f"got {given}; the step itself may hold everything else"
        ) from None
    return key


def _detached(value):
    return _mapped(value, Tensor.detach)


def _copied(value):
    return _mapped(value, lambda t: Tensor(t.array.copy(order="K")))


def _mapped(value, change):
    """The value with every Tensor in it changed."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, dict):
        return {name: _mapped(v, change) for name, v in value.items()}
    if isinstance(value, (tuple, list)):
        parts = [_mapped(v, change) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value
