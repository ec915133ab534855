"""A formula of arrays as one kernel. A kernel is a C program that the GPU runs once for each element of an array.

CuPy turns x * 2.0 + y into two kernels, and each reads and writes all of its arrays: a formula of ten steps moves its
data ten times. Here the formula, a Python function of arrays, is called with symbols instead of arrays. Each operation
on a symbol writes down one line of C and returns the symbol of its result:

    lambda x, y: xp.maximum(x * 2.0, y)     ->      T v2 = v0 * (T)n0;
                                                    T v3 = v2 > v1 || v2 != v2 ? v2 : v1;

These lines are the body of a kernel, which computes all steps on one element while it is in a register. Numbers
become parameters (n0), so a new learning rate needs no new kernel; the C compiler is called once for each new text. A
formula that does something a symbol cannot do is left to CuPy: `trace` returns None.
"""

import functools
import math
import re
from typing import Any

import cupy

from ..two_parts import TwoParts, Unfinished, finished

# False leaves formulas, windows and optimisers to CuPy: slower, but it shows whether an error is in our kernels.
KERNELS = True
THREADS = 256  # in a block
SMALL = 2**30  # up to so many elements an index is an int, which is faster to divide
C_TYPES = {"f": "float", "d": "double"}


class Symbol:
    """Stands for one element of an array: `name` is a variable of the C program, of type T or bool."""

    __array_ufunc__ = None

    def __init__(self, trace, name, is_bool=False):
        self.trace, self.name, self.is_bool = trace, name, is_bool

    @property
    def dtype(self):
        return cupy.dtype(bool) if self.is_bool else self.trace.dtype

    def astype(self, dtype, copy=True):
        if cupy.dtype(dtype) == self.dtype:
            return self
        if cupy.dtype(dtype) != self.trace.dtype:
            raise TypeError(f"no symbol of {dtype}")
        return self.trace.new(self.trace.real(self))

    def clip(self, low, high, out=None):
        return _FUNCTIONS["minimum"](self.trace, _FUNCTIONS["maximum"](self.trace, self, low), high)

    def __setitem__(self, place, value):
        if place is not ...:
            raise TypeError("a symbol has no parts")
        self.trace.change(self, self.trace.real(value))

    def __bool__(self):
        raise TypeError("the way through a formula must not depend on its arrays")

    def __pow__(self, exponent):
        return _power(self.trace, self, exponent)

    def __neg__(self):
        return self.trace.new(f"-{self.trace.real(self)}")

    def __abs__(self):
        return _FUNCTIONS["absolute"](self.trace, self)

    def __cupy_override_elementwise_kernel__(self, kernel, *args, **kwargs):
        """What cupy.exp and the others call instead of running their kernel when an argument has such a method."""
        function = _FUNCTIONS.get(kernel.name.removeprefix("cupy_"))
        if function is None or kwargs:
            raise TypeError(f"no line for {kernel.name}")
        return function(self.trace, *args)

    __hash__ = None  # type: ignore[assignment]


def _arithmetic(sign):
    def forward(self, other):
        if isinstance(other, (TwoParts, Unfinished)):
            return NotImplemented  # two_parts.py does this one
        return self.trace.arithmetic(self, sign, other)

    def backward(self, other):
        return self.trace.arithmetic(other, sign, self)

    def in_place(self, other):
        return self.trace.change(self, f"{self.name} {sign} {self.trace.real(other)}")

    return forward, backward, in_place


def _logic(sign, operands):
    def operate(self, other):
        trace = self.trace
        return trace.new(f"{getattr(trace, operands)(self)} {sign} {getattr(trace, operands)(other)}", is_bool=True)

    return operate


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/"}.items():
    for _prefix, _method in zip(("", "r", "i"), _arithmetic(_sign), strict=True):
        setattr(Symbol, f"__{_prefix}{_name}__", _method)
for _name, _sign in {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}.items():
    setattr(Symbol, f"__{_name}__", _logic(_sign, "real"))
for _name, _sign in {"and": "&&", "or": "||"}.items():
    setattr(Symbol, f"__{_name}__", _logic(_sign, "truth"))


class Trace:
    """The lines of C that a formula has written, and the numbers that they use."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.suffix = "f" if dtype.itemsize == 4 else ""  # expf for float, exp for double
        self.lines = []
        self.numbers = []
        self.changed = set()
        self.count = 0

    def new(self, expression, is_bool=False):
        name = f"v{self.count}"
        self.count += 1
        self.lines.append(f"{'bool' if is_bool else 'T'} {name} = {expression};")
        return Symbol(self, name, is_bool)

    def change(self, symbol, expression):
        if symbol.is_bool:
            raise TypeError("a bool does not change")
        self.lines.append(f"{symbol.name} = {expression};")
        self.changed.add(symbol.name)
        return symbol

    def arithmetic(self, a, sign, b):
        self.require_real(a, b)
        return self.new(f"{self.real(a)} {sign} {self.real(b)}")

    def require_real(self, *operands):
        if not any(isinstance(x, Symbol) and not x.is_bool for x in operands):
            raise TypeError("NumPy has other rules for bools among themselves and with numbers")

    def real(self, x):
        """x as a number of type T: a symbol, or a Python number, which becomes a parameter of the kernel."""
        if isinstance(x, Symbol):
            return f"(T){x.name}" if x.is_bool else x.name
        if not isinstance(x, (int, float)):
            raise TypeError(f"no symbol for {type(x).__name__}")
        self.numbers.append(float(x))
        return f"(T)n{len(self.numbers) - 1}"

    def truth(self, x):
        if not isinstance(x, Symbol) or not x.is_bool:
            raise TypeError("only bools are combined")
        return x.name

    def call(self, function, x):
        self.require_real(x)
        return self.new(f"{function}{self.suffix}({self.real(x)})")


def _larger(sign):
    """maximum or minimum; if either is NaN, so is the result, as in NumPy."""

    def choose(trace, a, b):
        trace.require_real(a, b)
        a, b = trace.new(trace.real(a)).name, trace.new(trace.real(b)).name
        return trace.new(f"{a} {sign} {b} || {a} != {a} ? {a} : {b}")

    return choose


def _where(trace, condition, a, b):
    trace.require_real(a, b)
    return trace.new(f"{trace.truth(condition)} ? {trace.real(a)} : {trace.real(b)}")


def _signum(trace, x):
    trace.require_real(x)
    x = trace.new(trace.real(x)).name
    return trace.new(f"{x} != {x} ? {x} : (T)(({x} > 0) - ({x} < 0))")


def _power(trace, x, exponent):
    """Squares and square roots, which NumPy does not compute as powers either, and all other powers."""
    trace.require_real(x)
    if not isinstance(exponent, Symbol) and exponent == 2:
        return x * x
    if not isinstance(exponent, Symbol) and exponent == 0.5:
        return trace.call("sqrt", x)
    return trace.new(f"pow{trace.suffix}({trace.real(x)}, {trace.real(exponent)})")


_FUNCTIONS: dict[str, Any] = {
    "maximum": _larger(">"),
    "minimum": _larger("<"),
    "where": _where,
    "sign": _signum,
    "power": _power,
    "absolute": lambda trace, x: trace.call("fabs", x),
    **{
        name: functools.partial(lambda trace, x, name: trace.call(name, x), name=name)
        for name in ("exp", "expm1", "log", "log1p", "sqrt", "tanh")
    },
}


def trace(formula, dtype, arrays, constants):
    """(trace, result) of the formula, with symbols v0, v1, ... for its `arrays` arrays; None where it cannot be traced.

    `constants` are numbers, which stay numbers, and vectors with one value a column, which become the symbols that
    follow: one each, or two for a vector in two parts.
    """
    vectors = vectors_in(constants)
    if not KERNELS or dtype.char not in C_TYPES or any(v.dtype != dtype or v.ndim > 1 for v in vectors):
        return None
    trace = Trace(dtype)
    symbols = [Symbol(trace, f"v{i}") for i in range(arrays + len(vectors))]
    trace.count = len(symbols)
    rest = iter(symbols[arrays:])

    def stand_in(constant):
        if isinstance(constant, TwoParts):
            return TwoParts(next(rest), next(rest))
        return next(rest) if hasattr(constant, "dtype") else constant

    try:
        result = finished(formula(*symbols[:arrays], *map(stand_in, constants)))
    except (TypeError, AttributeError):  # what a symbol cannot do; an error of the formula's own comes again in CuPy
        return None
    return trace, result


def vectors_in(constants):
    """The arrays among the constants of a formula; one in two parts (two_parts.py) is two."""
    parts = [(c.high, c.low) if isinstance(c, TwoParts) else (c,) for c in constants]
    return [c for group in parts for c in group if hasattr(c, "dtype")]


_SOURCE = """
typedef {real} T;
extern "C" __global__ void formula({parameters})
{{
    {index} first = ({index})blockIdx.x * blockDim.x + threadIdx.x;
    {declare}
    for ({index} i = first; i < size; i += step) {{
        {load}
        {body}
        {store}
    }}
    {finish}
}}
"""


def elementwise(formula, matrices, constants):
    """formula(*matrices, *constants) for (R, C) arrays in one kernel; None if it cannot be traced."""
    traced = _traced(formula, matrices, constants)
    if traced is None or not isinstance(traced[1], Symbol):
        return None
    trace, result = traced
    shape = matrices[0].shape
    out = cupy.empty(shape, result.dtype)
    kind = "bool" if result.is_bool else "T"
    _launch(trace, matrices, constants, out, f"{kind} *out", out.size, store=f"out[i] = {result.name};")
    return out


def column_sums(formula, matrices, constants):
    """The sum over the rows of formula(*matrices, *constants): (R, C) arrays -> (C,) float64; None as above.

    Each thread adds up every S-th row of one column, and CuPy the S sums of each column. The order in which numbers are
    added depends on nothing but the shape, so the same numbers give the same bits.
    """
    traced = _traced(formula, matrices, constants)
    if traced is None or not isinstance(traced[1], Symbol):
        return None
    trace, result = traced
    rows, columns = matrices[0].shape
    parts = max(1, min(rows // 16, 2**17 // columns))
    sums = cupy.empty((parts, columns), cupy.float64)
    _launch(
        trace, matrices, constants, sums, "double *out", parts * columns, step=parts * columns,
        declare="double sum = 0;", store=f"sum += {trace.real(result)};",
        finish="if (first < step) out[first] = sum;",
    )  # fmt: skip
    return sums[0] if parts == 1 else sums.sum(axis=0)


def _traced(formula, matrices, constants):
    first = matrices[0]
    if first.size == 0 or any(m.dtype != first.dtype or m.shape != first.shape for m in matrices):
        return None
    if any(v.size not in (1, first.shape[1]) for v in vectors_in(constants)):
        return None
    return trace(formula, first.dtype, len(matrices), constants)


def _launch(trace, matrices, constants, out, out_parameter, threads, step=None, declare="", store="", finish=""):
    """Run the traced lines with one thread for each `first`, which works on i = first, first + step, ... < size.

    The rest are lines of C: `declare` before the loop over i, `store` at the end of its body, `finish` after it.
    """
    size, columns = matrices[0].size, matrices[0].shape[1]
    index = "int" if size + threads + THREADS <= SMALL else "long long"
    vectors = vectors_in(constants)
    places = ["i"] * len(matrices) + ["0" if v.size == 1 else f"i % ({index})columns" for v in vectors]
    used = set(re.findall(r"\bv\d+\b", "\n".join([*trace.lines, store])))
    inputs = {f"v{i}": (a, place) for i, (a, place) in enumerate(zip([*matrices, *vectors], places, strict=True))}
    inputs = {name: pair for name, pair in inputs.items() if name in used}
    source = _SOURCE.format(
        real=C_TYPES[trace.dtype.char],
        index=index,
        parameters=", ".join(
            [out_parameter, "long long size", "long long columns", "long long step"]
            + [f"const T *in_{name}" for name in inputs]
            + [f"double n{i}" for i in range(len(trace.numbers))]
        ),
        declare=declare,
        load="\n        ".join(f"T {name} = in_{name}[{place}];" for name, (_, place) in inputs.items()),
        body="\n        ".join(trace.lines),
        store=store,
        finish=finish,
    )
    lengths = map(cupy.int64, (size, columns, size if step is None else step))
    arrays = [cupy.ascontiguousarray(a) for a, _ in inputs.values()]
    numbers = map(cupy.float64, trace.numbers)
    kernel(source, "formula")((math.ceil(threads / THREADS),), (THREADS,), (out, *lengths, *arrays, *numbers))


@functools.cache
def kernel(source, name):
    """The kernel of this name in a C program, which CuPy compiles when it first runs, and keeps on disk."""
    return cupy.RawKernel(source, name)
