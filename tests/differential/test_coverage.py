"""Every public name is compared with PyTorch, or listed as ours alone, with the reason."""

import inspect
import re
import types

import pytest

import nnlite
from nnlite.backend import np
from tests.differential.compare import LIBRARY, attempt
from tests.differential.creation import CREATION
from tests.differential.exceptions import DIFFERS, EXTENSIONS, OURS, REFUSALS
from tests.differential.functions import FUNCTIONS
from tests.differential.init import INIT
from tests.differential.methods import IN_PLACE, METHODS
from tests.differential.modules import MODULES
from tests.differential.networks import NETWORKS

# The methods behind operators and built-in functions, and the entry that calls them.
BEHIND = {
    "__add__": "x + y", "__sub__": "x - y", "__mul__": "x * y", "__truediv__": "x / y", "__pow__": "x ** y",
    "__floordiv__": "x // y", "__mod__": "x % y", "__matmul__": "x @ y", "__neg__": "-x", "__abs__": "abs(x)",
    "__radd__": "y + x", "__rsub__": "y - x", "__rmul__": "y * x", "__rtruediv__": "y / x", "__rpow__": "y ** x",
    "__rfloordiv__": "y // x", "__rmod__": "y % x", "__rmatmul__": "x @ y",
    "__iadd__": "x += y", "__isub__": "x -= y", "__imul__": "x *= y", "__itruediv__": "x /= y",
    "__eq__": "x == y", "__ne__": "x != y", "__lt__": "x < y", "__le__": "x <= y", "__gt__": "x > y",
    "__ge__": "x >= y",
    "__and__": "x & y", "__or__": "x | y", "__xor__": "x ^ y", "__invert__": "~x",
    "__getitem__": "getitem", "__setitem__": "setitem", "__iter__": "iteration", "__len__": "len",
    "__float__": "float()", "__int__": "int()", "__bool__": "bool()", "__index__": "index", "__array__": "array",
    "__format__": "f'{x}'",
}  # fmt: skip

PLACES = {
    "nnlite": lambda: public(nnlite),
    "nnlite.functional": lambda: public(nnlite.functional),
    "nnlite.nn": lambda: [name for name in public(nnlite.nn) if inspect.isclass(getattr(nnlite.nn, name))],
    "nnlite.nn.init": lambda: [
        name
        for name, value in vars(nnlite.nn.init).items()
        if (name.endswith("_") and inspect.isfunction(value)) or name == "calculate_gain"
    ],
    "nnlite.Tensor": lambda: [
        name
        for name in dir(nnlite.Tensor)
        # copy.deepcopy leaves __slotnames__ behind
        if (name not in [*dir(object), "__module__", "__slotnames__"] and not re.match("_[^_]", name)) or name in BEHIND
    ],
}


def public(module):
    """Functions and classes that a module offers."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and callable(value) and not isinstance(value, (types.ModuleType, np.dtype))
    ]


def compared(place):
    if place == "nnlite.nn":
        return set(MODULES)
    if place == "nnlite.nn.init":
        return set(INIT)
    names = {re.match(r"\w*", key)[0] for table in (FUNCTIONS, NETWORKS, CREATION, METHODS, IN_PLACE) for key in table}
    return names | {name for name, key in BEHIND.items() if key in METHODS or key in IN_PLACE}


def ours(place):
    return {name for names in OURS.get(place, {}) for name in names.split()}


@pytest.mark.parametrize("place", PLACES)
def test_every_public_name_is_compared_or_ours(place):
    missing = sorted(set(PLACES[place]()) - compared(place) - ours(place))
    assert not missing, f"{place}: no entry in functions.py or modules.py, nor in OURS, for {' '.join(missing)}"


@pytest.mark.parametrize("place", PLACES)
def test_no_name_is_listed_as_ours_that_is_not_there(place):
    assert ours(place) <= {*PLACES[place](), *dir(nnlite.Tensor)} | set(dir(nnlite.functional))


@pytest.mark.parametrize("known", REFUSALS, ids=lambda known: known.message)
def test_what_is_refused_is_refused_by_name(known):
    with pytest.raises(Exception) as caught:
        known.example(LIBRARY)
    assert re.search(known.message, f"{caught.type.__name__}: {caught.value}", re.S)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("known", EXTENSIONS, ids=lambda known: known.message)
def test_where_nnlite_goes_further(torch, known):
    known.example(LIBRARY)
    with pytest.raises(Exception) as caught:
        known.example(torch)
    assert re.search(known.message, f"{caught.type.__name__}: {caught.value}", re.S)


@pytest.mark.parametrize("known", REFUSALS, ids=lambda known: known.message)
def test_pytorch_computes_what_is_refused(torch, known):
    _, error = attempt(lambda: known.example(torch))
    assert error is None


@pytest.mark.parametrize("differs", DIFFERS, ids=lambda differs: differs.reason)
def test_what_differs_does(torch, differs):
    assert repr(differs.example(LIBRARY)) != repr(differs.example(torch))
