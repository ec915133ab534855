"""A CUDA graph: all kernels of a training step noted down once, then started together.

Python takes some 10 microseconds to start a kernel, and the kernels of a small network take less than that to run: the
GPU waits for Python. While a stream (a queue of work for the GPU) is captured, kernels are not run but noted, each with
its arguments: the very addresses of the arrays. The list, a graph, is then started as a whole, at a microsecond or two
a kernel.

This decides what a captured step must be like. It reads and writes the same memory every time. So inputs are copied
into fixed arrays; what the step allocates comes from a memory pool that nothing else uses; whatever changes from step
to step, such as the learning rate, is in the GPU's memory and is written there before each replay (updates.py). And
nothing in it may ask the GPU for a value or copy one from the CPU.

nnlite/capture.py is the part of it that deals with Tensors.
"""

import weakref
from contextlib import contextmanager

import cupy

recording = None  # the Recording that is being made


class Recording:
    """The kernels that a function launches, on a stream and in a memory pool of its own."""

    def __init__(self):
        # non_blocking: work on the default stream, of which CUDA makes all others wait, would break off a capture
        self.stream = cupy.cuda.Stream(non_blocking=True)
        self._memory = []
        self.pool = cupy.cuda.MemoryPool(self._allocate)
        # Otherwise the pool would keep its memory after the recording is gone.
        weakref.finalize(self, self.pool.free_all_blocks).atexit = False

    def _allocate(self, size):
        """Memory for the pool, kept here: short of memory, a pool gives back what is free at that moment."""
        self._memory.append(cupy.cuda.MemoryPointer(cupy.cuda.Memory(size), 0))
        return self._memory[-1]

    def before_first(self, action):
        """Call `action` once, when the kernels are noted and before they run."""
        self._first.append(action)

    def before_replay(self, action):
        """Call `action` before every replay but the first."""
        self._each.append(action)

    def run(self, function):
        """function(), really run, on this stream and in this pool, so that kernels are compiled and memory is there."""
        with self._in_turn(), cupy.cuda.using_allocator(self.pool.malloc):
            return function()

    def record(self, function):
        """Note down what function() launches, then run it for the first time; return what it returned."""
        global recording
        self._first, self._each = [], []
        with self._in_turn():
            with cupy.cuda.using_allocator(self.pool.malloc):
                self.stream.begin_capture()
                recording = self
                try:
                    result = function()
                except BaseException:
                    self._abandon()
                    raise
                finally:
                    recording = None
                self.graph = self.stream.end_capture()
            for action in self._first:
                action()
            self.graph.launch()
        return result

    def replay(self, prepare):
        """Run the kernels again, after prepare() on the same stream."""
        with self._in_turn():
            prepare()
            for action in self._each:
                action()
            self.graph.launch()

    def _abandon(self):
        try:
            self.stream.end_capture()
        except cupy.cuda.runtime.CUDARuntimeError:
            pass  # the capture was broken off already

    @contextmanager
    def _in_turn(self):
        """On this stream, after all that the reader's stream was given, and before all that it will be given."""
        readers = cupy.cuda.get_current_stream()
        self.stream.wait_event(readers.record())
        with self.stream:
            yield
        readers.wait_event(self.stream.record())
