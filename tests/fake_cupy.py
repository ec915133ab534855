"""A stand-in for CuPy, so that the code for the GPU runs where there is none: NumPy inside, CuPy's manners outside.

It is as strict as CuPy: an array is no NumPy array and does not turn into one by itself, NumPy arrays are refused
as operands, reductions return 0-d arrays, and elementwise results lie in C order.
"""

import types

import numpy as np


class ndarray:
    """What cupy.ndarray is to nnlite."""

    __array_ufunc__ = None
    __slots__ = ("_inside",)

    def __init__(self, inside):
        self._inside = inside

    def __array__(self, *_, **__):
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def __getattr__(self, name):
        if name.startswith("__"):  # no way around __array__
            raise AttributeError(name)
        return _lift(getattr(self._inside, name))

    def __getitem__(self, key):
        return _lift(self._inside[_lower(key)])

    def __setitem__(self, key, value):
        self._inside[_lower(key)] = _lower(value)

    def __len__(self):
        return len(self._inside)

    def __bool__(self):
        return bool(self._inside)

    def __float__(self):
        return float(self._inside)


def _lower(value):
    """What NumPy gets to see."""
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(value, (tuple, list)):
        return type(value)(_lower(v) for v in value)
    return value._inside if isinstance(value, ndarray) else value


def _lift(value):
    """What nnlite gets to see."""
    if isinstance(value, (np.ndarray, np.generic)):
        return ndarray(np.asarray(value))
    return _wrap(value) if callable(value) and not isinstance(value, type) else value


def _wrap(function, fresh=False):
    def call(*args, **kwargs):
        lowered = [_lower(a) for a in args]
        result = function(*lowered, **{name: _lower(v) for name, v in kwargs.items()})
        return _lift(np.array(result, order="C") if fresh else result)

    return call


def _operator(name):
    def operate(self, *others):
        result = getattr(self._inside, name)(*(_lower(o) for o in others))
        if result is self._inside:  # in place
            return self
        return NotImplemented if result is NotImplemented else ndarray(np.array(result, order="C"))

    return operate


for _name in "add sub mul truediv floordiv mod pow matmul and or xor".split():
    for _form in (f"__{_name}__", f"__r{_name}__", f"__i{_name}__"):
        setattr(ndarray, _form, _operator(_form))
for _name in "neg abs invert eq ne lt le gt ge".split():
    setattr(ndarray, f"__{_name}__", _operator(f"__{_name}__"))
ndarray.__hash__ = object.__hash__


def _asarray(a, dtype=None):
    if isinstance(a, ndarray):
        return a if dtype in (None, a.dtype) else a.astype(dtype)
    return ndarray(np.array(a, dtype))


class _Module(types.ModuleType):
    """`cupy`: NumPy's functions, on this array."""

    def __getattr__(self, name):
        value = getattr(np, name)
        if isinstance(value, np.ufunc):
            call = _wrap(value, fresh=True)
            call.at = _wrap(value.at)
            return call
        return value if isinstance(value, type) or not callable(value) else _wrap(value)


def module():
    """A fresh module to put under sys.modules["cupy"]."""
    cupy = _Module("cupy")
    cupy.ndarray = ndarray
    cupy.is_available = lambda: True
    cupy.asarray = _asarray
    cupy.asnumpy = lambda a, order="C": np.array(a._inside, order=order)
    cupy.where = _wrap(np.where, fresh=True)
    cupy.lib = types.SimpleNamespace(
        stride_tricks=types.SimpleNamespace(as_strided=_wrap(np.lib.stride_tricks.as_strided))
    )
    return cupy
