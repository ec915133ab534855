"""torch.no_grad and the other modes: functions, context managers and decorators at once, as in PyTorch."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from .. import function
from ..function import state


class _Mode(function.set_grad_enabled):
    """nnlite's context manager, which as a decorator also covers the steps of a generator."""

    def __call__(self, decorated: Callable) -> Any:
        if not inspect.isgeneratorfunction(decorated):
            return super().__call__(decorated)

        @functools.wraps(decorated)
        def steps(*args, **kwargs):
            generator, sent = decorated(*args, **kwargs), None
            while True:
                with self._recreate_cm():
                    try:
                        value = generator.send(sent)
                    except StopIteration as end:
                        return end.value
                sent = yield value

        return steps


class no_grad(_Mode):
    """Inside, nothing is recorded. `@no_grad` and `@no_grad()` both decorate."""

    recording = False

    def __new__(cls, function: Callable | None = None) -> Any:
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self, function: Callable | None = None):
        super().__init__(self.recording)


class enable_grad(no_grad):
    """Inside, operations are recorded again."""

    recording = True


class set_grad_enabled(_Mode):
    """From the call on, operations are recorded or not; after a `with` it is as before the call."""

    def __init__(self, mode: bool):
        super().__init__(mode)
        super().__enter__()

    def __enter__(self) -> None:
        state.recording = self.mode

    def __exit__(self, *exception: object) -> None:
        state.recording = self.before[0]

    def __call__(self, decorated: Callable) -> Any:
        self.__exit__()  # a decorator only holds inside the function
        return super().__call__(decorated)


def inference_mode(mode: Any = True) -> Any:
    """no_grad(): nnlite keeps nothing else that could be left out."""
    return no_grad(mode) if callable(mode) else _Mode(not mode)
