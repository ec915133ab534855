"""A stand-in for CuPy, so that the code for the GPU runs where there is none: NumPy inside, CuPy's manners outside.

It is as strict as CuPy: an array is no NumPy array and does not turn into one by itself, NumPy arrays are refused
as operands, reductions return 0-d arrays, and elementwise results lie in C order. It knows only the functions, methods
and parameters below, all of which CuPy has. Streams, kernels and cuBLAS are in fake_cuda.py.
"""

import types

import numpy as np

from tests import fake_cuda

# What nnlite uses, with the parameters of CuPy 14 (tests/test_fake_cupy.py compares them where CuPy is installed). A
# name that is missing here is refused: look whether CuPy has it, and whether it means the same there.
UFUNCS = {
    "abs", "absolute", "add", "arccos", "arcsin", "arctan", "ceil", "cos", "cosh", "equal", "exp", "expm1", "floor",
    "fmod", "isfinite", "isinf", "isnan", "log", "log10", "log1p", "log2", "maximum", "minimum", "power", "sign",
    "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
}  # fmt: skip
FUNCTIONS = {
    "arange": "start stop step dtype",
    "argsort": "a axis kind",
    "ascontiguousarray": "a dtype",
    "argwhere": "a",
    "asarray": "a dtype",
    "asnumpy": "a stream order",
    "broadcast_to": "array shape",
    "clip": "a a_min a_max out",
    "concatenate": "tup axis out",
    "empty": "shape dtype order",
    "empty_like": "prototype",
    "expand_dims": "a axis",
    "flip": "a axis",
    "full": "shape fill_value dtype order",
    "full_like": "a fill_value dtype order subok shape",
    "isclose": "a b rtol atol equal_nan",
    "matmul": "x1 x2 out",
    "may_share_memory": "a b",
    "min_scalar_type": "a",
    "moveaxis": "a source destination",
    "ones": "shape dtype order",
    "ones_like": "a dtype",
    "pad": "array pad_width mode constant_values",
    "result_type": "*arrays_and_dtypes",
    "roll": "a shift axis",
    "searchsorted": "a v side sorter",
    "take_along_axis": "a indices axis",
    "tile": "A reps",
    "unique": "ar return_index return_inverse return_counts axis equal_nan",
    "where": "condition x y",
    "zeros": "shape dtype order",
    "zeros_like": "a dtype",
}
METHODS = {
    "all": "axis out keepdims",
    "any": "axis out keepdims",
    "argmax": "axis out dtype keepdims",
    "argmin": "axis out dtype keepdims",
    "astype": "dtype order casting subok copy",
    "clip": "min max out",
    "copy": "order",
    "cumprod": "axis dtype out",
    "cumsum": "axis dtype out",
    "fill": "value",
    "item": "",
    "max": "axis out keepdims",
    "mean": "axis dtype out keepdims",
    "min": "axis out keepdims",
    "prod": "axis dtype out keepdims",
    "repeat": "repeats axis",
    "reshape": "*shape",
    "round": "decimals out",
    "squeeze": "axis",
    "sum": "axis dtype out keepdims",
    "swapaxes": "axis1 axis2",
    "take": "indices axis out",
    "tolist": "",
    "transpose": "*axes",
    "var": "axis dtype out ddof keepdims",
}
ATTRIBUTES = {"T", "dtype", "flags", "itemsize", "nbytes", "ndim", "shape", "size", "strides"}


class ndarray:
    """What cupy.ndarray is to nnlite."""

    __array_ufunc__ = None
    __slots__ = ("_inside",)

    def __init__(self, inside):
        self._inside = inside

    def __array__(self, *_, **__):
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def __getattr__(self, name):
        if name in ATTRIBUTES:
            return _lift(getattr(self._inside, name))
        if name not in METHODS:  # and no way around __array__
            raise AttributeError(f"the stand-in for CuPy has no ndarray.{name}")
        if name in ("item", "tolist"):
            fake_cuda.refuse("D2H transfers are disallowed")
        method = _variance(self._inside) if name == "var" else getattr(self._inside, name)
        return _wrap(method, f"ndarray.{name}", METHODS[name])

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
    return ndarray(np.asarray(value)) if isinstance(value, (np.ndarray, np.generic)) else value


def _variance(array):
    """CuPy takes the mean in the array's own dtype, and the distances from it too, whatever dtype is asked for."""

    def var(axis=None, dtype=None, ddof=0, keepdims=False):
        squares = (array - array.mean(axis=axis, keepdims=True)) ** 2
        total = squares.sum(axis=axis, dtype=dtype, keepdims=keepdims)
        return total / (array.size // total.size - ddof)

    return var


def _check(name, parameters, args, kwargs):
    """Raise TypeError for arguments that CuPy's function of this name does not take."""
    known = parameters.split()
    if (len(args) > len(known) and not parameters.startswith("*")) or set(kwargs) - set(known):
        raise TypeError(f"{name}({parameters.replace(' ', ', ')}) of CuPy got {len(args)} arguments and {[*kwargs]}")


def _wrap(function, name, parameters, fresh=False):
    def call(*args, **kwargs):
        _check(name, parameters, args, kwargs)
        for a in args:  # CuPy's ufuncs look for this first
            if hasattr(a, "__cupy_override_elementwise_kernel__"):
                kernel = types.SimpleNamespace(name=f"cupy_{function.__name__}")
                return a.__cupy_override_elementwise_kernel__(kernel, *args, **kwargs)
        if function is np.matmul:
            fake_cuda.refuse("calling cuBLAS API during stream capture is currently unsupported")
        if function in (np.concatenate, np.stack):
            fake_cuda.refuse("H2D transfers are disallowed")  # of the addresses of what is put together
        lowered, named = [_lower(a) for a in args], {name: _lower(v) for name, v in kwargs.items()}
        if named.get("out") is not None or name.endswith((".at", ".fill")):
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
        if name in UFUNCS:
            call = _wrap(value, name, "x1 x2 out" if value.nin == 2 else "x out", fresh=True)
            call.at = _wrap(value.at, f"{name}.at", "a indices b")
            return call
        if name in FUNCTIONS:
            return _wrap(value, name, FUNCTIONS[name])
        if callable(value) and not isinstance(value, type):
            raise AttributeError(f"the stand-in for CuPy has no {name}")
        return value


def module():
    """A fresh module to put under sys.modules["cupy"]."""
    cupy = _Module("cupy")
    cupy.ndarray = ndarray
    cupy.is_available = lambda: True
    cupy.asarray = _asarray
    cupy.asnumpy = _asnumpy
    cupy.empty = lambda *args: ndarray(fake_cuda.allocate(lambda: np.empty(*args)))
    cupy.empty_like = lambda a: ndarray(fake_cuda.allocate(lambda: np.empty_like(a._inside)))
    where = _wrap(np.where, "where", FUNCTIONS["where"], fresh=True)
    cupy.where = lambda condition, x, y: where(condition.astype("?", copy=False), x, y)
    cupy.clip = lambda a, a_min, a_max, out=None: a.clip(a_min, a_max, out=out)
    as_strided = _wrap(np.lib.stride_tricks.as_strided, "as_strided", "x shape strides")
    cupy.lib = types.SimpleNamespace(stride_tricks=types.SimpleNamespace(as_strided=as_strided))
    cupy.cuda = fake_cuda.namespace()
    cupy.RawKernel = fake_cuda.RawKernel
    return cupy
