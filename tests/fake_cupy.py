"""A stand-in for CuPy, so that the code for the GPU runs where there is none: NumPy inside, CuPy's manners outside.

It is as strict as CuPy: an array is no NumPy array and does not turn into one by itself, NumPy arrays are refused
as operands, reductions return 0-d arrays, and elementwise results lie in C order. Streams, kernels and cuBLAS are in
fake_cuda.py.
"""

import types

import numpy as np

from tests import fake_cuda


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
        if name in ("item", "tolist"):
            fake_cuda.refuse("D2H transfers are disallowed")
        return _lift(getattr(self._inside, name))

    @property
    def data(self):
        return types.SimpleNamespace(ptr=self._inside.ctypes.data)

    def __getitem__(self, key):
        return _lift(fake_cuda.compute(lambda: self._inside[_lower(key)], self._inside))

    def __setitem__(self, key, value):
        fake_cuda.change(lambda key, value: self._inside.__setitem__(key, value), _lower(key), _lower(value))

    def __len__(self):
        return len(self._inside)

    def __bool__(self):
        return bool(self.item())

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())


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
        for a in args:  # CuPy's ufuncs look for this first
            if hasattr(a, "__cupy_override_elementwise_kernel__"):
                kernel = types.SimpleNamespace(name=f"cupy_{function.__name__}")
                return a.__cupy_override_elementwise_kernel__(kernel, *args, **kwargs)
        if function is np.matmul:
            fake_cuda.refuse("calling cuBLAS API during stream capture is currently unsupported")
        if function in (np.concatenate, np.stack):
            fake_cuda.refuse("H2D transfers are disallowed")  # of the addresses of what is put together
        lowered, named = [_lower(a) for a in args], {name: _lower(v) for name, v in kwargs.items()}
        if named.get("out") is not None or getattr(function, "__name__", "") in ("at", "fill"):
            fake_cuda.change(lambda *a: function(*a, **named), *lowered)
            return kwargs.get("out")

        def run():
            result = function(*lowered, **named)
            return np.array(result, order="C") if fresh else result

        return _lift(fake_cuda.compute(run, getattr(function, "__self__", None), *lowered))

    return call


def _operator(name):
    def operate(self, *others):
        if "matmul" in name:
            fake_cuda.refuse("calling cuBLAS API during stream capture is currently unsupported")
        others = [_lower(o) for o in others]
        function = getattr(self._inside, name)
        if name.startswith("__i") and name != "__invert__":
            fake_cuda.change(function, *others)
            return self

        def run():
            result = function(*others)
            return result if result is NotImplemented else np.array(result, order="C")

        result = fake_cuda.compute(run)
        return result if result is NotImplemented else ndarray(result)

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
    fake_cuda.refuse("H2D transfers are disallowed")
    return ndarray(np.array(a, dtype))


def _asnumpy(a, order="C"):
    fake_cuda.refuse("D2H transfers are disallowed")
    return np.array(a._inside, order=order)


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
    cupy.asnumpy = _asnumpy
    cupy.empty = lambda *args: ndarray(fake_cuda.allocate(lambda: np.empty(*args)))
    cupy.empty_like = lambda a: ndarray(fake_cuda.allocate(lambda: np.empty_like(a._inside)))
    where = _wrap(np.where, fresh=True)
    cupy.where = lambda condition, x, y: where(condition.astype("?", copy=False), x, y)
    cupy.clip = lambda a, a_min, a_max, out=None: a.clip(a_min, a_max, out=out)
    cupy.lib = types.SimpleNamespace(
        stride_tricks=types.SimpleNamespace(as_strided=_wrap(np.lib.stride_tricks.as_strided))
    )
    cupy.cuda = fake_cuda.namespace()
    cupy.RawKernel = fake_cuda.RawKernel
    return cupy
