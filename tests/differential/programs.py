"""Small programs: a tensor, views of it, writes into them, arithmetic with them, and the gradient at the end.

Whoever writes into a view must find the change in the other views, and backward must know of it, or say that it cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from tests.differential.compare import LIBRARY, Call, Difference, array_of, attempt, close, describe, known
from tests.differential.draws import Recipe, order_of, shape_for, tensors
from tests.differential.exceptions import EXTENSIONS, REFUSALS

# name -> what it does with (library, x, another tensor y, whatever was drawn)
VIEWS: dict[str, Callable[..., Any]] = {
    "x.view(-1)": lambda lib, x, y: x.view(-1),
    "x.view({shape})": lambda lib, x, y, shape: x.view(*shape),
    "x.reshape({shape})": lambda lib, x, y, shape: x.reshape(*shape),
    "x.flatten()": lambda lib, x, y: x.flatten(),
    "x.flatten(1)": lambda lib, x, y: x.flatten(1),
    "x.permute({order})": lambda lib, x, y, order: x.permute(order),
    "x.transpose(0, -1)": lambda lib, x, y: x.transpose(0, -1),
    "x.squeeze()": lambda lib, x, y: x.squeeze(),
    "x.squeeze(0)": lambda lib, x, y: x.squeeze(0),
    "x.unsqueeze(0)": lambda lib, x, y: x.unsqueeze(0),
    "x[0]": lambda lib, x, y: x[0],
    "x[..., -1]": lambda lib, x, y: x[..., -1],
    "x[1:]": lambda lib, x, y: x[1:],
    "x[..., ::2]": lambda lib, x, y: x[..., ::2],
    "x[None]": lambda lib, x, y: x[None],
    "x[...]": lambda lib, x, y: x[...],
    "x[[0, 0]]": lambda lib, x, y: x[[0, 0]],
    "x.split(1)[0]": lambda lib, x, y: x.split(1)[0],
    "x.chunk(2)[-1]": lambda lib, x, y: x.chunk(2)[-1],
    "next(iter(x))": lambda lib, x, y: next(iter(x)),
    "x.contiguous()": lambda lib, x, y: x.contiguous(),
    "x.detach()": lambda lib, x, y: x.detach(),
    "x.data": lambda lib, x, y: x.data,
    "x.clone()": lambda lib, x, y: x.clone(),
    "x.expand(2, *x.shape)": lambda lib, x, y: x.expand(2, *x.shape),
    "x.view_as(y)": lambda lib, x, y: x.view_as(y),
    "x.float()": lambda lib, x, y: x.float(),
    "x.to(x.dtype)": lambda lib, x, y: x.to(x.dtype),
    "Parameter(x)": lambda lib, x, y: lib.nn.Parameter(x),
    "from_numpy(x.numpy())": lambda lib, x, y: lib.from_numpy(x.numpy()),
    "as_tensor(x)": lambda lib, x, y: lib.as_tensor(x),
    "as_tensor(x.detach().numpy())": lambda lib, x, y: lib.as_tensor(x.detach().numpy()),
    "x.unbind()[0]": lambda lib, x, y: x.unbind()[0],
    "x.expand_as(y)": lambda lib, x, y: x.expand_as(y),
    "x.T": lambda lib, x, y: x.T if x.ndim == 2 else x.t(),
}


def in_place(change: Callable[..., Any]) -> Callable[..., Any]:
    """The same, its result not kept."""

    def run(*args: Any) -> None:
        change(*args)

    return run


def assign(x: Any, key: Any, value: Any) -> None:
    x[key] = value


def plus_equals(x: Any, y: Any) -> None:
    x += y


def times_equals(x: Any, y: Any) -> None:
    x *= y


def unrecorded(lib: Any, change: Callable[[], Any]) -> None:
    with lib.no_grad():
        change()


WRITES: dict[str, Callable[..., Any]] = {
    "x.fill_(3)": lambda lib, x, y: x.fill_(3),
    "x.zero_()": lambda lib, x, y: x.zero_(),
    "x.add_(1)": lambda lib, x, y: x.add_(1),
    "x.mul_(2)": lambda lib, x, y: x.mul_(2),
    "x.div_(2)": lambda lib, x, y: x.div_(2),
    "x.sub_(y)": lambda lib, x, y: x.sub_(y),
    "x.mul_(y)": lambda lib, x, y: x.mul_(y),
    "x.copy_(y)": lambda lib, x, y: x.copy_(y),
    "x.clamp_(-1, 1)": lambda lib, x, y: x.clamp_(-1, 1),
    "x[0] = 5": lambda lib, x, y: assign(x, 0, 5),
    "x[..., 0] = 5": lambda lib, x, y: assign(x, (..., 0), 5),
    "x[0] = y": lambda lib, x, y: assign(x, 0, y),
    "x[x > 0] = 0": lambda lib, x, y: assign(x, x > 0, 0),
    "x[[0]] = 4": lambda lib, x, y: assign(x, [0], 4),
    "x += 1": lambda lib, x, y: plus_equals(x, 1),
    "x += y": lambda lib, x, y: plus_equals(x, y),
    "x *= y": lambda lib, x, y: times_equals(x, y),
    "relu(x, inplace)": lambda lib, x, y: lib.nn.functional.relu(x, inplace=True),
    "leaky_relu(x, inplace)": lambda lib, x, y: lib.nn.functional.leaky_relu(x, 0.1, inplace=True),
    "no_grad: x.add_(1)": lambda lib, x, y: unrecorded(lib, lambda: x.add_(1)),
    "no_grad: x[0] = 5": lambda lib, x, y: unrecorded(lib, lambda: assign(x, 0, 5)),
    "x.data.mul_(2)": lambda lib, x, y: x.data.mul_(2),
    "x.detach().add_(1)": lambda lib, x, y: x.detach().add_(1),
    "x.detach().numpy()[...] = 1": lambda lib, x, y: assign(x.detach().numpy(), ..., 1),
}

SUMS: dict[str, Callable[..., Any]] = {
    "x * 2": lambda lib, x, y: x * 2,
    "x + y": lambda lib, x, y: x + y,
    "x * y": lambda lib, x, y: x * y,
    "x ** 2": lambda lib, x, y: x**2,
    "x.exp()": lambda lib, x, y: x.exp(),
    "relu(x)": lambda lib, x, y: lib.nn.functional.relu(x),
    "sigmoid(x)": lambda lib, x, y: x.sigmoid(),
    "x.sum()": lambda lib, x, y: x.sum(),
    "x.mean(-1)": lambda lib, x, y: x.mean(-1),
}

STEPS = {
    **VIEWS,
    **{name: in_place(change) for name, change in WRITES.items()},
    **SUMS,
}


# Results whose elements lie in memory in PyTorch as those of the input do, here row by row: see DIFFERS.
KEEPS_LAYOUT = {*SUMS, "x.clone()", "from_numpy(x.numpy())", "as_tensor(x.detach().numpy())"}


class Step(NamedTuple):
    name: str
    x: int
    y: int
    drawn: tuple

    def __call__(self, lib: Any, pool: list) -> Any:
        return STEPS[self.name](lib, pool[self.x], pool[self.y], *self.drawn)

    def __repr__(self) -> str:
        name = self.name.split("{")[0] + f"{self.drawn[0]})" if self.drawn else self.name
        return f"[x: {self.x}, y: {self.y}] {name}"


def run_program(data: Any, torch: Any, most: int) -> None:
    """Draw a program step by step, run it on both, and compare every tensor after every step."""
    start = data.draw(tensors(dtype=st.sampled_from(("float32",) * 4 + ("float64", "int64"))))
    leaves: tuple[list, list] = ([], [])
    pools = tuple([start.make(lib, leaf)] for lib, leaf in zip((LIBRARY, torch), leaves, strict=True))
    program: list = [start]
    steps = data.draw(st.integers(2, most))
    for n in range(steps):
        step = draw_step(data, pools[1], wrote=n > 0)
        program.append(step)
        call = Call(f"program, {step.name}", None, program)
        done = [attempt(partial(step, lib, pool)) for lib, pool in zip((LIBRARY, torch), pools, strict=True)]
        if stops(call, done):
            return
        if done[1][0] is not None:
            for pool, (result, _) in zip(pools, done, strict=True):
                pool.append(result)
            compare_form(call, pools[0][-1], pools[1][-1])
        compare_values(call, *pools)
        if step.name in KEEPS_LAYOUT and not pools[1][-1].is_contiguous():
            return
    compare_backward(Call("program, backward", None, program), pools, leaves)


def draw_step(data: Any, pool: list, wrote: bool) -> Step:
    x = data.draw(st.integers(0, len(pool) - 1))
    y = data.draw(st.integers(0, len(pool) - 1))
    table = data.draw(st.sampled_from((VIEWS, WRITES, SUMS) if wrote else (VIEWS, VIEWS, SUMS)))
    name = data.draw(st.sampled_from(list(table)))
    if table is WRITES and np.shares_memory(array_of(pool[x]), array_of(pool[y])):
        y = x  # what else overlaps is read before it is written by NumPy, and in some order by PyTorch
    drawn = {"x": Recipe(np.zeros(tuple(pool[x].shape)))}
    more = ()
    if "{shape}" in name:
        more = (data.draw(shape_for("x")(drawn)),)
    if "{order}" in name:
        more = (data.draw(order_of("x")(drawn)),)
    return Step(name, x, y, more)


def stops(call: Call, done: list) -> bool:
    """Whether one of them has raised, or both. Raises Difference if it should not have."""
    (_, ours), (_, theirs) = done
    if ours and not theirs and not known(REFUSALS, call, ours):
        raise Difference("refusal", call, f"{type(ours).__name__}: {ours}", "")
    if theirs and not ours and not known(EXTENSIONS, call, theirs):
        raise Difference("accepted", call, "", f"{type(theirs).__name__}: {theirs}")
    return bool(ours or theirs)


def compare_form(call: Call, ours: Any, theirs: Any) -> None:
    """Raise Difference unless a new tensor has the same form.

    Later it may not: when a change in place makes a tensor require a gradient, PyTorch makes all views of it do so, and
    nnlite refuses to use these any more.
    """
    if describe(ours) != describe(theirs):
        raise Difference("form", call, describe(ours), describe(theirs))


def compare_values(call: Call, ours: list, theirs: list) -> None:
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if not close(array_of(a), array_of(b), "float32"):
            raise Difference(f"value of tensor {i}", call, array_of(a).tolist(), array_of(b).tolist())


def compare_backward(call: Call, pools: Any, leaves: Any) -> None:
    """Backward from the last tensor that requires a gradient; the gradients of all leaves."""
    from_last = [i for i, t in enumerate(pools[1]) if t.requires_grad]
    if not from_last:
        return
    u = np.random.default_rng(3).integers(-4, 5, tuple(pools[1][from_last[-1]].shape)) * 0.5
    done = []
    for pool in pools:
        last = pool[from_last[-1]]
        gradient = last.detach().new_tensor(u)
        done.append(attempt(lambda last=last, gradient=gradient: last.backward(gradient)))
    if stops(call, done):
        return
    for kind, (ours, theirs) in {"leaf": leaves, "tensor": pools}.items():
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            if not (a.is_leaf and b.is_leaf and b.requires_grad):
                continue
            if describe(a.grad) != describe(b.grad):
                raise Difference(f"form of the gradient of {kind} {i}", call, describe(a.grad), describe(b.grad))
            if b.grad is not None and not close(array_of(a.grad), array_of(b.grad), "float32"):
                raise Difference(f"gradient of {kind} {i}", call, array_of(a.grad).tolist(), array_of(b.grad).tolist())
