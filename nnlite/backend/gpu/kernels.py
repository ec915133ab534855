"""Kernels written by hand. (Those for formulas write themselves: formula.py.)

A kernel is a C program that the GPU runs in many threads at once: (number of threads in all) / (threads in a block)
blocks, of which the chip works on as many as fit. A thread finds in blockIdx and threadIdx which one it is, and so
which element is its own. None of these threads waits for another.
"""

import math

import cupy

from . import formula
from .formula import THREADS, kernel

_WINDOWS = """
extern "C" __global__ void copy_windows(
    {unit} *out, const {unit} *in, long long size, {index} ho, {index} wo, {index} kh, {index} kw, {index} c,
    long long image, long long down, long long across, long long tap_down, long long tap_across)
{{
    long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= size) return;
    {index} rest = ({index})thread;  // of [n][i][j][u][v][channel]: take the axes off, the last one first
    {index} channel = rest % c;  rest /= c;
    {index} v = rest % kw;       rest /= kw;
    {index} u = rest % kh;       rest /= kh;
    {index} j = rest % wo;       rest /= wo;
    {index} i = rest % ho;       rest /= ho;
    out[thread] = in[rest * image + i * down + j * across + u * tap_down + v * tap_across + channel];
}}
"""

# What one thread copies at once: 16 bytes at best, so that few threads move many.
_UNITS = {16: "uint4", 8: "unsigned long long", 4: "unsigned int"}


def columns(view):
    """(N, Ho, Wo, kH, kW, C) windows -> (N*Ho*Wo, kH*kW*C), each window's numbers side by side (im2col).

    None for channels that do not lie side by side, which is left to CuPy.
    """
    *shape, c = view.shape
    if not formula.KERNELS or view.size == 0 or (c > 1 and view.strides[5] != view.itemsize):
        return None
    units = [u for u in _UNITS if all(b % u == 0 for b in (c * view.itemsize, view.data.ptr, *view.strides[:5]))]
    if not units:
        return None
    unit, size = units[0], view.nbytes // units[0]
    index = cupy.int32 if size < 2**31 else cupy.int64
    c_type = "int" if size < 2**31 else "long long"
    out = cupy.empty((math.prod(shape[:3]), math.prod(shape[3:]) * c), view.dtype)
    lengths = [index(n) for n in (*shape[1:], c * view.itemsize // unit)]
    steps = [cupy.int64(stride // unit) for stride in view.strides[:5]]
    kernel(_WINDOWS.format(unit=_UNITS[unit], index=c_type), "copy_windows")(
        (math.ceil(size / THREADS),), (THREADS,), (out, view, cupy.int64(size), *lengths, *steps)
    )
    return out


_WRITE = """
extern "C" __global__ void write_numbers(double *out, long long count, %s)
{
    const double numbers[] = {%s};
    for (int i = 0; i < count; i++) out[i] = numbers[i];
}
"""
_AT_ONCE = 8


def write_numbers(out, numbers):
    """Put Python numbers into a float64 array as the parameters of a kernel: nothing waits, and no memory is shared.

    The kernel has its copy of the numbers, in turn with the others on its stream. A copy from the CPU's memory could
    be overtaken by the next change of that memory.
    """
    names = [f"n{i}" for i in range(_AT_ONCE)]
    source = _WRITE % (", ".join(f"double {name}" for name in names), ", ".join(names))
    for first in range(0, len(numbers), _AT_ONCE):
        part = numbers[first : first + _AT_ONCE]
        values = map(cupy.float64, [*part, *[0.0] * (_AT_ONCE - len(part))])
        kernel(source, "write_numbers")((1,), (1,), (out[first:], cupy.int64(len(part)), *values))
