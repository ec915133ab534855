"""What single calls cost and how fast copies and products are, through CuPy and through PyTorch."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import numpy as np

SMALL, LARGE = 64, 8192  # sides of the square matrices that are multiplied
COPIED = 2**28  # float32 numbers, 1 GiB


class Probe:
    """One library on the GPU. `rows` are the names that `measure` knows."""

    rows: dict[str, Callable[[], str]]

    def measure(self, row: str) -> str:
        """The figure with its unit."""
        return self.rows[row]()

    def names(self) -> list[str]:
        return list(self.rows)

    def seconds(self, call: Callable, count: int) -> float:
        """A call's, of `count` in a row: the median of five such rows."""
        call()  # compiles and allocates
        times = []
        for _ in range(5):
            self.synchronise()
            start = time.perf_counter()
            for _ in range(count):
                call()
            self.synchronise()
            times.append((time.perf_counter() - start) / count)
        return statistics.median(times)

    def cost(self, call: Callable) -> str:
        return f"{1e6 * self.seconds(call, 1000):.1f} us"

    def copy_rate(self, call: Callable) -> str:
        return f"{2 * 4 * COPIED / self.seconds(call, 10) / 1e9:.0f} GB/s, read and written"

    def product_rate(self, call: Callable) -> str:
        return f"{2 * LARGE**3 / self.seconds(call, 10) / 1e12:.0f} TFLOP/s"


class CupyProbe(Probe):
    """CuPy; with `tf32` only the products, because CuPy decides once in a process how it multiplies float32."""

    def __init__(self, tf32: bool = False):
        os.environ["CUPY_TF32"] = str(int(tf32))
        import cupy

        self.cupy = cupy
        products = {f"matmul {LARGE} {'TF32' if tf32 else 'float32'}": self.product}
        self.rows = products if tf32 else {
            "versions": self.versions,
            "launch of an empty kernel": lambda: self.cost(self.empty_kernel()),
            "graph of 100 empty kernels": lambda: self.cost(self.graph()),
            "a + b of 1,000 numbers": self.sum,
            f"matmul {SMALL}": self.small_product,
            "synchronise": lambda: self.cost(self.synchronise),
            "copy of 1 GiB": self.copy,
            **products,
        }  # fmt: skip

    def synchronise(self):
        self.cupy.cuda.Device().synchronize()

    def versions(self):
        runtime = self.cupy.cuda.runtime
        name = runtime.getDeviceProperties(0)["name"].decode()
        return f"{name}, CuPy {self.cupy.__version__}, CUDA runtime {runtime.runtimeGetVersion()}"

    def matrix(self, side):
        return self.cupy.asarray(np.random.default_rng(0).standard_normal((side, side), np.float32))

    def empty_kernel(self):
        kernel = self.cupy.RawKernel('extern "C" __global__ void nothing() {}', "nothing")
        return lambda: kernel((1,), (1,), ())

    def graph(self):
        kernel, stream = self.empty_kernel(), self.cupy.cuda.Stream(non_blocking=True)
        kernel()  # compiled before the capture
        with stream:
            stream.begin_capture()
            for _ in range(100):
                kernel()
            graph = stream.end_capture()
        return lambda: graph.launch(stream)

    def sum(self):
        a = self.cupy.ones(1000, self.cupy.float32)
        return self.cost(lambda: a + a)

    def small_product(self):
        a = self.matrix(SMALL)
        return self.cost(lambda: a @ a)

    def copy(self):
        a, b = (self.cupy.ones(COPIED, self.cupy.float32) for _ in range(2))
        return self.copy_rate(lambda: self.cupy.copyto(b, a))

    def product(self):
        a, out = self.matrix(LARGE), self.matrix(LARGE)
        return self.product_rate(lambda: self.cupy.matmul(a, a, out=out))


class TorchProbe(Probe):
    """PyTorch."""

    def __init__(self):
        import torch

        self.torch = torch
        self.rows = {
            "versions": self.versions,
            "a + b of 1,000 numbers": self.sum,
            f"matmul {SMALL}": self.small_product,
            "synchronise": lambda: self.cost(self.synchronise),
            "copy of 1 GiB": self.copy,
            f"matmul {LARGE} float32": self.product,
            f"matmul {LARGE} TF32": lambda: self.product(tf32=True),
        }

    def synchronise(self):
        self.torch.cuda.synchronize()

    def versions(self):
        torch = self.torch
        cuda, cudnn = torch.version.cuda, torch.backends.cudnn.version()
        return f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, CUDA {cuda}, cuDNN {cudnn}"

    def matrix(self, side):
        return self.torch.randn(side, side, device="cuda")

    def sum(self):
        a = self.torch.ones(1000, device="cuda")
        return self.cost(lambda: a + a)

    def small_product(self):
        a = self.matrix(SMALL)
        return self.cost(lambda: a @ a)

    def copy(self):
        a, b = (self.torch.ones(COPIED, device="cuda") for _ in range(2))
        return self.copy_rate(lambda: b.copy_(a))

    def product(self, tf32=False):
        self.torch.backends.cuda.matmul.allow_tf32 = tf32
        a, out = self.matrix(LARGE), self.matrix(LARGE)
        return self.product_rate(lambda: self.torch.matmul(a, a, out=out))
