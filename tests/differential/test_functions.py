"""Every function, method and operator, called on both libraries with arguments drawn from the table."""

import pytest
from hypothesis import given

from tests.differential.compare import LIBRARY, calls, check, examples
from tests.differential.creation import CREATION
from tests.differential.functions import FUNCTIONS
from tests.differential.init import INIT
from tests.differential.methods import IN_PLACE, METHODS
from tests.differential.networks import NETWORKS


def forms(torch, name, entry):
    """(where, function of the library and the arguments) for every place where both libraries have it."""
    if entry.call:
        return [("", entry.call)]
    places = {
        "torch": lambda lib: lib,
        "F": lambda lib: lib.nn.functional,
        "Tensor": lambda lib: lib.Tensor,
        "init": lambda lib: lib.nn.init,
    }
    found = [(form, of) for form, of in places.items() if hasattr(of(torch), name) and hasattr(of(LIBRARY), name)]
    assert found, f"{name} is in no place of both libraries"
    return [(form, lambda lib, *args, _place=place, **kwargs: getattr(_place(lib), name)(*args, **kwargs))
            for form, place in found]  # fmt: skip


def compare_calls(torch, name, entry, number):
    @examples(number)
    @given(call=calls(name, entry, forms(torch, name, entry)))
    def compare(call):
        check(call, torch, entry.random, entry.rounding)

    compare()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(torch, name):
    compare_calls(torch, name, FUNCTIONS[name], 20)


@pytest.mark.parametrize("name", NETWORKS)
def test_function_of_networks(torch, name):
    compare_calls(torch, name, NETWORKS[name], 18)


@pytest.mark.parametrize("name", CREATION)
def test_new_tensor(torch, name):
    compare_calls(torch, name, CREATION[name], 16)


@pytest.mark.parametrize("name", METHODS)
def test_method(torch, name):
    compare_calls(torch, name, METHODS[name], 60 if "getitem" in name else 20)


@pytest.mark.parametrize("name", IN_PLACE)
def test_change_in_place(torch, name):
    compare_calls(torch, name, IN_PLACE[name], 60 if "setitem" in name else 20)


@pytest.mark.parametrize("name", INIT)
def test_initialisation(torch, name):
    compare_calls(torch, name, INIT[name], 12)
