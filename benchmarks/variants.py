"""The ways to run a step that `benchmarks.gpu` compares, and what a process that runs one of them measures.

A way takes (library, networks, step) and returns the step to call. Each runs in a process of its own (worker.py), so
it may change what is global to PyTorch.
"""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measure import library, process_memory
from benchmarks.works import WORKS


def eager(library, networks, step):
    """As it is."""
    return step


def captured(nnlite, networks, step):
    """nnlite's own CUDA graph."""
    if nnlite.gpu_available():  # to go on without a graph would be no measurement of one
        warnings.filterwarnings("error", message="capture: ")
    return nnlite.capture(step)


def channels_last(torch, networks, step):
    """PyTorch's other memory format."""
    for network in networks.values():
        network.to(memory_format=torch.channels_last)
    return step


def cudnn_benchmark(torch, networks, step):
    """Each convolution tried with several algorithms at its first call."""
    torch.backends.cudnn.benchmark = True
    return step


def mixed_precision(torch, networks, step):
    """bfloat16 inside the networks, which needs no scaling of the loss; losses and optimisers stay in float32."""

    def cast(forward, device):
        inside = torch.autocast(device, torch.bfloat16)(forward)
        return lambda x: inside(x).float()

    for network in networks.values():
        network.forward = cast(network.forward, next(network.parameters()).device.type)
    return step


def cuda_graph(torch, networks, step):
    """PyTorch's CUDA graph of a whole step: three real ones on a side stream, as its manual asks, then replays."""
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    register_optimizer_step_pre_hook(_count_on_device)
    side, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
    eager_steps, loss = 3, None

    def replay():
        nonlocal eager_steps, loss
        if eager_steps:
            eager_steps -= 1
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                result = step()
            torch.cuda.current_stream().wait_stream(side)
            return result
        if loss is None:
            for network in networks.values():
                network.zero_grad(set_to_none=True)  # so that the gradients lie in the graph's own memory
            with torch.cuda.graph(graph):
                loss = step()
        graph.replay()
        return loss

    return replay


def _count_on_device(optimiser, *_):
    """Keep Adam's step count on the GPU, where a graph can advance it: what Adam(..., capturable=True) does."""
    for group in optimiser.param_groups:
        group["capturable"] = True


class Variant(NamedTuple):
    """A row's prefix is the variant's name. `tolerance` is for the first loss, relative to PyTorch's (see `gpu`)."""

    library: str
    way: Callable[..., Callable[[], Any]]
    tolerance: float = 1e-3
    backend: str = "fast"  # nnlite's


VARIANTS = {
    "nnlite": Variant("nnlite", captured),
    "nnlite_eager": Variant("nnlite", eager),
    "nnlite_plain": Variant("nnlite", eager, backend="plain"),
    "torch": Variant("torch", eager),
    "torch_channels_last": Variant("torch", channels_last),
    "torch_cudnn_benchmark": Variant("torch", cudnn_benchmark),
    "torch_cuda_graph": Variant("torch", cuda_graph),
    "torch_amp": Variant("torch", mixed_precision, tolerance=1e-2),
}


class Subject:
    """One variant of one work on one device, measured from inside its process."""

    def __init__(self, variant: str, work: str, sizes: dict[str, int], device: str):
        self.variant, self.work, self.sizes, self.device = VARIANTS[variant], work, sizes, device
        self.library = library(self.variant.library)
        if self.variant.library == "nnlite":
            self.library.backends.use(self.variant.backend)
        self.memory = MEMORY[self.variant.library if device != "cpu" else "cpu"]()

    def build(self, dropout: bool) -> Callable[[], Any]:
        """A step from the common start."""
        networks, step = WORKS[self.work].make(self.library, dropout=dropout, device=self.device, **self.sizes)
        return self.variant.way(self.library, networks, step)

    def losses(self, count: int) -> list[float]:
        """Of the first steps, without dropout."""
        step = self.build(dropout=False)
        return [float(step()) for _ in range(count)]

    def settle(self, warm_up: int) -> float:
        """Build the step that will be timed and make the first ones. Returns the peak of memory in use, in MB."""
        gc.collect()  # what `losses` left
        self.memory.restart()
        self.step = self.build(dropout=True)
        for _ in range(warm_up):
            self.step()
        self.synchronise()
        return self.memory.peak()

    def burst(self, count: int) -> float:
        """Seconds a step, of `count` in a row; one more goes before, because the device served others meanwhile."""
        self.step()
        self.synchronise()
        start = time.perf_counter()
        for _ in range(count):
            self.step()
        self.synchronise()
        return (time.perf_counter() - start) / count

    def synchronise(self) -> None:
        """Wait until the device is done."""
        if self.device == "cpu":
            return
        if self.variant.library == "torch":
            self.library.cuda.synchronize()
        else:
            import cupy

            cupy.cuda.Device().synchronize()


class TorchMemory:
    """Device memory in use by PyTorch's tensors."""

    def restart(self):
        import torch

        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()

    def peak(self):
        import torch

        return torch.cuda.max_memory_allocated() / 2**20


class CupyMemory:
    """Device memory in use by CuPy's arrays, counted as PyTorch counts: blocks handed out by any of its pools."""

    def __init__(self):
        import cupy

        counter = self
        self._now = self._most = 0

        class Hook(cupy.cuda.MemoryHook):
            name = "live bytes"

            def malloc_postprocess(self, **block):
                if block["mem_ptr"]:
                    counter._now += block["mem_size"]
                    counter._most = max(counter._most, counter._now)

            def free_postprocess(self, **block):
                counter._now -= block["mem_size"]

        Hook().__enter__()  # for as long as the process lives

    def restart(self):
        self._most = self._now

    def peak(self):
        return self._most / 2**20


class HostMemory:
    """The process's memory: its peak cannot be set back, but what a step needs is the same each time."""

    def restart(self):
        pass

    def peak(self):
        return process_memory("VmHWM")


MEMORY = {"torch": TorchMemory, "nnlite": CupyMemory, "cpu": HostMemory}


class Equality:
    """Whether captured steps leave the same numbers behind as eager ones."""

    def __init__(self, work: str, sizes: dict[str, int], device: str):
        self.make, self.sizes, self.device = WORKS[work].make, sizes, device
        self.nnlite = library("nnlite")
        self.nnlite.backends.use("fast")

    def differences(self, steps: int) -> tuple[int, dict[str, float]]:
        """How many parameters and buffers there are, and the largest difference of each one that differs at all."""
        expected, given = (self.state_after(steps, way) for way in (eager, captured))
        far = {name: float(np.abs(given[name] - value).max()) for name, value in expected.items()}
        return len(far), {name: distance for name, distance in far.items() if distance != 0.0}

    def state_after(self, steps: int, way: Callable) -> dict[str, np.ndarray]:
        self.nnlite.manual_seed(0)
        networks, step = self.make(self.nnlite, device=self.device, **self.sizes)
        step = way(self.nnlite, networks, step)
        for _ in range(steps):
            step()
        states = {name: network.state_dict() for name, network in networks.items()}
        return {f"{net}.{name}": value.cpu().numpy() for net, state in states.items() for name, value in state.items()}
