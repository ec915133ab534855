"""Products of two matrices by NVIDIA's own library, called without CuPy in between.

cupy.matmul copies some transposed matrices, takes TF32 from an environment variable only, and refuses to run while a
step is captured (capture.py). The library itself has none of these limits. CuPy has loaded it already, so ctypes finds
it by name, and CuPy's handle for this device and thread works with it. If it is not found, cupy.matmul does the work.

cuBLAS thinks in columns: a matrix whose rows lie one after another in memory is, to it, the transpose. So for
C = A B it is asked for C^T = B^T A^T: the same memory, the operands swapped. `ld` (leading dimension) is the distance
in memory from one row to the next, so that a matrix may be part of a wider one.
"""

import ctypes
import functools
import os

import cupy

# Names of cublas_api.h and library_types.h
OP_N, OP_T = 0, 1
GEMM_DEFAULT = -1
COMPUTE_32F, COMPUTE_32F_FAST_TF32, COMPUTE_64F = 68, 77, 70
DATA_TYPES = {"f": 0, "d": 1}  # CUDA_R_32F, CUDA_R_64F

# What NVIDIA recommends for its largest cards. cuBLAS would allocate its own, but not while a step is captured.
WORKSPACE_BYTES = 32 * 2**20
_workspaces: dict = {}  # one for each stream: products on two streams may run at the same time


def matmul(a, b, out=None, tf32=False, accumulate=False):
    """a @ b, in `out` if given, added to what is there if `accumulate`; with 11 bits of each float32 if `tf32`.

    Either may be transposed, or have rows that are part of longer ones, without being copied. So may `out` be the
    latter.
    """
    library = _library()
    (m, k), n = a.shape, b.shape[1]
    kind = a.dtype.char
    target = cupy.empty((m, n), a.dtype) if out is None else out
    usable = kind in DATA_TYPES and a.dtype == b.dtype == target.dtype and 0 < min(m, n, k) and max(m, n, k) < 2**31
    if library is None or not usable or _operand(target)[0] != OP_N:
        return _plain(a, b, out, accumulate)
    (a, op_a, ld_a), (b, op_b, ld_b) = (_described(x) for x in (a, b))
    number = ctypes.c_float if kind == "f" else ctypes.c_double
    compute = COMPUTE_64F if kind == "d" else COMPUTE_32F_FAST_TF32 if tf32 else COMPUTE_32F
    status = library.cublasGemmEx(
        _handle(library), op_b, op_a, n, m, k,
        ctypes.byref(number(1.0)), b.data.ptr, DATA_TYPES[kind], ld_b, a.data.ptr, DATA_TYPES[kind], ld_a,
        ctypes.byref(number(1.0 if accumulate else 0.0)), target.data.ptr, DATA_TYPES[kind], _operand(target)[1],
        compute, GEMM_DEFAULT,
    )  # fmt: skip
    _check(status, f"a product of {a.shape} by {b.shape} in {a.dtype}")
    return target


def _plain(a, b, out, accumulate):
    product = cupy.matmul(a, b)
    if out is None:
        return product
    out[...] = out + product if accumulate else product
    return out


def _described(x):
    """(x, operation, leading dimension), x copied if neither its rows nor its columns lie in one piece."""
    operation, leading = _operand(x)
    if operation is None:
        x = cupy.ascontiguousarray(x)
        operation, leading = _operand(x)
    return x, operation, leading


def _operand(x):
    """How x lies in memory: (OP_N, distance between rows), (OP_T, distance between columns), or (None, None).

    The stride of an axis of one element means nothing.
    """
    (rows, columns), (down, along) = x.shape, (stride // x.itemsize for stride in x.strides)
    down, along = down if rows > 1 else columns, along if columns > 1 else rows
    if (columns == 1 or along == 1) and columns <= down < 2**31:
        return OP_N, down
    if (rows == 1 or down == 1) and rows <= along < 2**31:
        return OP_T, along
    return None, None


def _handle(library):
    """CuPy's handle for this device and thread, set to the current stream and with memory to work in."""
    handle = cupy.cuda.device.get_cublas_handle()
    stream = cupy.cuda.get_current_stream().ptr
    place = cupy.cuda.device.get_device_id(), stream
    if place not in _workspaces:
        _workspaces[place] = cupy.cuda.alloc(WORKSPACE_BYTES)
    _check(library.cublasSetStream_v2(handle, stream), "setting its stream")
    # in this order: the first call takes the workspace away again
    _check(library.cublasSetWorkspace_v2(handle, _workspaces[place].ptr, WORKSPACE_BYTES), "setting its workspace")
    return handle


def _check(status, what):
    if status != 0:
        raise RuntimeError(f"cuBLAS: {what} failed with status {status} (cublasStatus_t in NVIDIA's cublas_api.h)")


@functools.cache
def _library():
    """The library that CuPy has loaded, with its functions' arguments declared; None if it cannot be found."""
    handle = cupy.cuda.device.get_cublas_handle()  # loads it
    version = cupy.cuda.cublas.getVersion(handle)
    try:  # another version may be loaded too, by PyTorch for one; RTLD_NOLOAD finds but never loads
        library = ctypes.CDLL(f"libcublas.so.{version // 10000}", os.RTLD_NOW | os.RTLD_NOLOAD)
    except (OSError, AttributeError):
        return None
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    library.cublasSetStream_v2.argtypes = [pointer, pointer]
    library.cublasSetWorkspace_v2.argtypes = [pointer, pointer, ctypes.c_size_t]
    library.cublasGemmEx.argtypes = (
        [pointer] + [integer] * 5 + [pointer] * 2 + [integer] * 2 + [pointer] + [integer] * 2
        + [pointer] * 2 + [integer] * 2 + [integer] * 2
    )  # fmt: skip
    return library
