"""Random numbers made on the GPU: Philox 4x32-10 (Salmon, Moraes, Dror & Shaw 2011).

An ordinary generator goes from one state to the next, so each number waits for the one before. This one is a function:
the i-th four random words depend on the seed and i alone, through ten rounds that mix the bits of i. So each thread
computes its own, and all there is to remember is the place in the row: how many have been used. That count lies on the
GPU and a kernel moves it on, so a captured step (capture.py) draws new numbers every time it is replayed.
"""

import math

import cupy

from .formula import THREADS, kernel

# Each round multiplies two of the four words, exchanges high and low halves, and mixes the key in. The constants are
# the paper's: two odd multipliers, and the golden ratio and sqrt(3) - 1 in 32 bits, which move the key on.
_SOURCE = """
typedef {real} T;

__device__ void philox(unsigned int *c, unsigned int key0, unsigned int key1)
{{
    for (int round = 0; round < 10; round++) {{
        unsigned long long a = 0xD2511F53ull * c[0], b = 0xCD9E8D57ull * c[2];
        unsigned int c1 = c[1], c3 = c[3];
        c[0] = (unsigned int)(b >> 32) ^ c1 ^ key0;
        c[1] = (unsigned int)b;
        c[2] = (unsigned int)(a >> 32) ^ c3 ^ key1;
        c[3] = (unsigned int)a;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }}
}}

extern "C" __global__ void draw(T *out, long long size, const unsigned long long *state)
{{
    long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (thread * {at_once} >= size) return;
    unsigned long long seed = state[0], place = state[1] + thread;
    unsigned int words[4] = {{(unsigned int)place, (unsigned int)(place >> 32), 0u, 0u}};
    philox(words, (unsigned int)seed, (unsigned int)(seed >> 32));
    T values[{at_once}];
    {convert}
    for (int k = 0; k < {at_once} && thread * {at_once} + k < size; k++) out[thread * {at_once} + k] = values[k];
}}

extern "C" __global__ void move_on(unsigned long long *state, unsigned long long places)
{{
    state[1] += places;
}}

extern "C" __global__ void start(unsigned long long *state, unsigned long long seed, unsigned long long place)
{{
    state[0] = seed;
    state[1] = place;
}}
"""

# In [0, 1): as many bits as the type holds, 24 or 53, so that no number is rounded up to 1.
_UNIFORM = {
    "f": "for (int k = 0; k < 4; k++) values[k] = (words[k] >> 8) * 5.9604644775390625e-8f;  // 2^-24",
    "d": "for (int k = 0; k < 2; k++)\n"
    "        values[k] = ((words[2 * k] >> 5) * 67108864.0 + (words[2 * k + 1] >> 6)) / 9007199254740992.0;  // 2^53",
}
# N(0, 1) in pairs: a point at distance sqrt(-2 ln u) from 0, u in (0, 1], in any direction (Box & Muller 1958).
_NORMAL = {
    "f": """for (int k = 0; k < 4; k += 2) {
        float radius = sqrtf(-2.0f * logf((words[k] + 1.0f) * 2.3283064365386963e-10f));  // 2^-32
        float angle = words[k + 1] * 1.4629180792671596e-9f;  // 2 pi 2^-32
        values[k] = radius * cosf(angle);
        values[k + 1] = radius * sinf(angle);
    }""",
    "d": """double u = (words[0] * 4294967296.0 + words[1] + 1.0) * 5.421010862427522e-20;  // 2^-64
    double radius = sqrt(-2.0 * log(u)), angle = words[2] * 1.4629180792671596e-9;
    values[0] = radius * cos(angle);
    values[1] = radius * sin(angle);""",
}


class Generator:
    """The seed and the place in its row, in the GPU's memory."""

    def __init__(self, seed, place):
        self.state = cupy.empty(2, cupy.uint64)
        self.start(seed, place)

    def start(self, seed, place):
        """Go to a place in the row of `seed`, both 0 .. 2^64 - 1."""
        self._run("start", 1, self.state, cupy.uint64(seed), cupy.uint64(place))

    def where(self):
        """(seed, place), which waits for the GPU."""
        return tuple(int(n) for n in cupy.asnumpy(self.state))

    def uniform(self, shape, dtype):
        """Numbers in [0, 1), float32 or float64."""
        return self._draw(shape, cupy.dtype(dtype), _UNIFORM)

    def normal(self, shape, dtype):
        """Numbers from N(0, 1), float32 or float64."""
        return self._draw(shape, cupy.dtype(dtype), _NORMAL)

    def _draw(self, shape, dtype, converts):
        out = cupy.empty(shape, dtype)
        if out.size:
            at_once = 16 // dtype.itemsize
            threads, convert = math.ceil(out.size / at_once), converts[dtype.char]
            self._run("draw", threads, out, cupy.int64(out.size), self.state, char=dtype.char, convert=convert)
            self._run("move_on", 1, self.state, cupy.uint64(threads))
        return out

    @staticmethod
    def _run(name, threads, *arguments, char="f", convert=""):
        real, at_once = ("float", 4) if char == "f" else ("double", 2)
        source = _SOURCE.format(real=real, at_once=at_once, convert=convert)
        kernel(source, name)((math.ceil(threads / THREADS),), (min(threads, THREADS),), arguments)
