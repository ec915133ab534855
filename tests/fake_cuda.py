"""CUDA for the stand-in of CuPy: kernels compiled for the CPU, cuBLAS in NumPy, and streams that can be captured.

A kernel's threads run one after another, so that what can be tested is its arithmetic and its arguments, whose types
are held against the C source. A captured stream notes what is to be done, and does it at each launch of the graph.
"""

import ctypes
import functools
import hashlib
import itertools
import os
import re
import shutil
import subprocess
import tempfile
import types
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

# Capture

noted = None  # while a stream is captured: what is to be done, in order


def refuse(what):
    if noted is not None:
        raise RuntimeError(f"the current stream is capturing, so {what}")


def compute(function, *sources):
    """function(); while capturing, its result is memory that each launch fills, unless it is a view of a source."""
    with np.errstate(**({} if noted is None else {"all": "ignore"})):  # of memory that nobody has written yet
        result = function()
    view = any(isinstance(a, np.ndarray) and np.may_share_memory(a, result) for a in sources)
    if noted is not None and isinstance(result, (np.ndarray, np.generic)) and not view:
        result = np.asarray(result)
        noted.append(lambda: np.copyto(result, function()))
    return result


def allocate(function):
    """function(), memory that nothing fills; a graph keeps it."""
    result = function()
    if noted is not None:
        noted.append(lambda: result)
    return result


def change(function, *args):
    """function(*args), for what it writes; while capturing, at each launch instead of now."""
    if noted is None:
        function(*args)
    else:
        noted.append(lambda: function(*args))


class Stream:
    """A stream that really is in turn with all others."""

    current = None
    pointers = itertools.count(0x1000)

    def __init__(self, non_blocking=False):
        self.ptr, self.non_blocking = next(self.pointers), non_blocking

    def __enter__(self):
        self.before, Stream.current = Stream.current, self

    def __exit__(self, *_):
        Stream.current = self.before

    def record(self):
        return object()

    def wait_event(self, event):
        assert event is not None

    def begin_capture(self):
        global noted
        assert self.non_blocking and Stream.current is self and noted is None
        noted = []

    def end_capture(self):
        global noted
        graph, noted = Graph(noted), None
        return graph


class Graph:
    """What was noted."""

    def __init__(self, actions):
        self.actions = actions

    def launch(self):
        assert noted is None
        for action in self.actions:
            action()


# cuBLAS


class Cublas:
    """cublasGemmEx as documented: matrices are columns with `ld` elements from one to the next, found at an address."""

    def __init__(self):
        self.compute_types = []
        self.state = []  # stream and workspace, which the former takes away

    def cublasSetStream_v2(self, handle, stream):
        self.state = [stream]
        return 0

    def cublasSetWorkspace_v2(self, handle, workspace, size):
        assert self.state == [Stream.current.ptr] and workspace and size
        self.state.append(workspace)
        return 0

    def cublasGemmEx(
        self, handle, op_a, op_b, m, n, k, alpha, a, a_type, lda, b, b_type, ldb, beta, c, c_type, ldc, compute, algo
    ):
        assert handle == 77 and len(self.state) == 2 and a_type == b_type == c_type and algo == -1
        dtype = {0: np.float32, 1: np.float64}[c_type]
        assert compute in ((68, 77) if c_type == 0 else (70,))
        self.compute_types.append(compute)
        a = _columns_at(a, dtype, lda, *((k, m) if op_a else (m, k)))
        b = _columns_at(b, dtype, ldb, *((n, k) if op_b else (k, n)))
        c = _columns_at(c, dtype, ldc, m, n)
        alpha, beta = (x._obj.value for x in (alpha, beta))

        def multiply():
            product = alpha * ((a.T if op_a else a) @ (b.T if op_b else b))
            c[...] = product + (beta * c if beta else 0.0)

        change(multiply)
        return 0


def _columns_at(address, dtype, ld, rows, columns):
    assert ld >= max(1, rows), "an illegal leading dimension"
    kind = ctypes.c_float if dtype == np.float32 else ctypes.c_double
    memory = np.ctypeslib.as_array((kind * ((columns - 1) * ld + rows)).from_address(address))
    strides = memory.itemsize, ld * memory.itemsize
    return np.lib.stride_tricks.as_strided(memory, (rows, columns), strides)


# Kernels

COMPILER = shutil.which("g++")

_SHIM = """
#include <math.h>
#include <utility>
struct three { unsigned int x, y, z; };
static three blockIdx, blockDim, threadIdx, gridDim;
struct uint4 { unsigned int x, y, z, w; };
#define __global__
#define __device__
"""
_LAUNCHER = """
template <class... A, size_t... I>
void call(void (*kernel)(A...), void **args, std::index_sequence<I...>) { kernel(*(A *)args[I]...); }

template <class... A>
void launch(void (*kernel)(A...), void **args, unsigned int blocks, unsigned int threads) {
    gridDim.x = blocks, blockDim.x = threads;
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++)
        for (threadIdx.x = 0; threadIdx.x < threads; threadIdx.x++)
            call(kernel, args, std::index_sequence_for<A...>());
}
"""
_NUMBERS = {"double": "d", "int": "i", "long long": "q", "unsigned long long": "Q"}
_ARRAYS = {"bool *": "?", "float *": "f", "double *": "d", "long long *": "q"}  # windows are copied as other types


class RawKernel:
    """A kernel, its arguments' types held against those of its parameters."""

    def __init__(self, code, name):
        self.code, self.name = code, name
        names = re.search(rf"__global__ void {name}\(([^)]*)\)", code).group(1).split(",")
        real = re.search(r"typedef (\w+) T;", code)
        names = [re.sub(r"\bT\b", real.group(1), n) for n in names] if real else names
        self.types = [re.sub(r"\bconst\b|\w+\s*$", "", n).strip() for n in names]

    def __call__(self, grid, block, args):
        assert isinstance(grid, tuple) and len(grid) == len(block) == 1 and 1 <= block[0] <= 1024
        assert len(args) == len(self.types), f"{self.name} takes {self.types}"
        values = []
        for value, kind in zip(args, self.types, strict=True):
            inside = getattr(value, "_inside", None)
            assert kind.endswith("*") == (inside is not None), f"{kind}: {value!r}"
            dtype = (value if inside is None else inside).dtype
            expected = np.dtype(_NUMBERS[kind] if inside is None else _ARRAYS.get(kind, dtype))
            assert expected == dtype, f"{kind}: {dtype}"
            values.append(np.array(value) if inside is None else np.array(inside.ctypes.data, np.uint64))
        pointers = (ctypes.c_void_p * len(values))(*(v.ctypes.data for v in values))
        run = compiled(self.code)[f"run_{self.name}"]
        blocks, threads = max(1, grid[0]), block[0]

        def launch(*_):
            run(pointers, blocks, threads)

        change(launch, values, args)  # both are kept, as a graph keeps its arguments


@functools.cache
def compiled(code):
    """The program as a library, with a function run_NAME(arguments, blocks, threads) for each kernel NAME."""
    if COMPILER is None:
        pytest.skip("g++ is needed to run kernels on the CPU")
    names = re.findall(r"__global__ void (\w+)\(", code)
    runners = "".join(
        f'extern "C" void run_{n}(void **args, unsigned int blocks, unsigned int threads)'
        f" {{ launch({n}, args, blocks, threads); }}\n"
        for n in names
    )
    source = _SHIM + code + _LAUNCHER + runners
    folder = Path(tempfile.gettempdir()) / f"nnlite-kernels-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    library = folder / f"{hashlib.sha256(source.encode()).hexdigest()[:24]}.so"
    if not library.exists():
        partial = library.with_suffix(f".{os.getpid()}")
        options = ["-O1", "-shared", "-fPIC", "-Wl,-Bsymbolic", "-x", "c++", "-std=c++17"]
        subprocess.run([COMPILER, *options, "-", "-o", str(partial)], input=source.encode(), check=True)
        partial.rename(library)
    return ctypes.CDLL(str(library))


# What nnlite asks of cupy.cuda


class MemoryPool:
    def __init__(self, allocator):
        self.allocator = allocator

    def malloc(self, size):
        raise NotImplementedError("the stand-in allocates with NumPy")

    def free_all_blocks(self):
        pass


@contextmanager
def _using_allocator(allocator):
    yield


def namespace():
    Stream.current = Stream()
    memory = []

    def alloc(size):
        memory.append(np.empty(1))
        return types.SimpleNamespace(ptr=memory[-1].ctypes.data)

    return types.SimpleNamespace(
        Stream=Stream,
        MemoryPool=MemoryPool,
        using_allocator=_using_allocator,
        alloc=alloc,
        get_current_stream=lambda: Stream.current,
        device=types.SimpleNamespace(get_cublas_handle=lambda: 77, get_device_id=lambda: 0),
        runtime=types.SimpleNamespace(CUDARuntimeError=RuntimeError),
    )
