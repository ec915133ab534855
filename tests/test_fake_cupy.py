"""The stand-in for CuPy is no more generous than CuPy."""

import inspect
import re

import numpy as np
import pytest

from tests import fake_cupy


def test_the_stand_in_is_strict():
    cupy = fake_cupy.module()
    a = cupy.asarray(np.ones((2, 3)))
    for mix in (lambda: a + np.ones(3), lambda: np.asarray(a), lambda: cupy.exp(np.ones(3))):
        with pytest.raises(TypeError):
            mix()
    assert isinstance(a.sum(), cupy.ndarray) and (a.T * 2.0).strides == (16, 8)
    for unknown in (lambda: cupy.partition, lambda: a.partition):
        with pytest.raises(AttributeError, match="stand-in"):
            unknown()
    for parameter in (lambda: a.sum(initial=1.0), lambda: cupy.zeros(3, like=a), lambda: cupy.exp(a, where=a > 0)):
        with pytest.raises(TypeError, match="of CuPy"):
            parameter()


def test_the_stand_in_offers_only_what_cupy_has():
    """Where CuPy is installed; a GPU is not needed to look."""
    cupy = pytest.importorskip("cupy", exc_type=ImportError)
    for name in fake_cupy.UFUNCS:
        assert isinstance(getattr(cupy, name), cupy.ufunc), name
    for name, parameters in {**fake_cupy.FUNCTIONS, **fake_cupy.METHODS}.items():
        method = name in fake_cupy.METHODS
        function = getattr(cupy.ndarray if method else cupy, name)
        wanted = set(parameters.replace("*", "").split()) - {"x1", "x2", "constant_values"}
        assert wanted <= _parameters(function), name
    assert all(hasattr(cupy.ndarray, name) for name in fake_cupy.ATTRIBUTES)


def _parameters(function):
    """The names of its parameters; compiled functions have them in the first line of their docstring."""
    try:
        return set(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return set(re.findall(r"\w+", function.__doc__.splitlines()[0]))
