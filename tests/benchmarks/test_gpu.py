"""The GPU benchmark where there is no GPU: its loop, table and failures on the CPU, its devices as stand-ins."""

import json
import sys
import types
from contextlib import contextmanager

import pytest

import nnlite
from benchmarks import gpu, variants
from benchmarks.variants import VARIANTS
from demos.shared.program import UserError, run_program

TINY = {"batch": 2}


@pytest.fixture(autouse=True)
def chosen(monkeypatch):
    """What the subjects choose is for the length of one test."""
    monkeypatch.setattr(nnlite.backend, "_chosen", nnlite.backend._chosen)


def test_variants_take_turns_and_one_failure_leaves_the_others(torch, capsys):
    """PyTorch's CUDA graph must fail on a CPU."""
    failures = gpu.Failures()
    ways = ("nnlite", "nnlite_eager", "torch", "torch_amp", "torch_cuda_graph")
    row = gpu.measure("lenet", TINY, 2, "cpu", failures, ways)
    assert row["work"] == "lenet" and row["batch"] == 2 and row["device"] == "cpu"
    assert row["ratio"] == pytest.approx(row["torch_ms"] / row["nnlite_ms"]) and row["nnlite_peak_mb"] > 20
    assert row["nnlite_eager_ms"] > 0 and row["torch_amp_ms"] > 0
    assert row["failed"].keys() == {"torch_cuda_graph"} and "torch_cuda_graph_ms" not in row
    assert failures.count == 1 and "torch_cuda_graph: RuntimeError" in capsys.readouterr().err
    (line,) = list(gpu.markdown(gpu.COLUMNS, [gpu.cells(row)]))[2:]
    assert f"{row['nnlite_ms']:.2f}" in line and f"{row['torch_amp_ms']:.2f}" in line and " - " in line


def test_captured_steps_equal_eager_ones(capsys):
    failures = gpu.Failures()
    gpu.check_equality("lenet", TINY, "cpu", failures)
    assert not failures.count and "all 10 arrays, bit for bit" in capsys.readouterr().out


def test_unequal_steps_are_told(monkeypatch):
    """A captured step that does not train leaves every array different."""
    monkeypatch.setattr(variants, "captured", lambda library, networks, step: lambda: None)
    count, differences = variants.Equality("lenet", TINY, "cpu").differences(1)
    assert count == len(differences) == 10 and all(value > 0 for value in differences.values())


def test_every_variant_reports_itself(torch):
    """What runs on a CPU computes PyTorch's losses, here and not in another process."""
    losses = {}
    for name in ("nnlite_eager", "nnlite_plain", "torch", "torch_channels_last", "torch_amp"):
        losses[name] = variants.Subject(name, "dcgan", TINY, "cpu").losses(3)
    assert gpu.wrong_losses(losses) == {}
    assert losses["torch_amp"] != losses["torch"], "bfloat16 rounds"


@pytest.mark.parametrize(
    "given, wrong",
    [
        ([2.0, 1.5, 1.2], False),
        ([2.0005, 1.52, 1.23], False),
        ([2.01, 1.5, 1.2], True),  # the forward pass is another
        ([2.0, 1.95, 1.9], True),  # it trains too slowly
        ([2.0, float("nan"), 1.2], True),
    ],
)
def test_losses_are_judged_by_the_way_training_came(given, wrong):
    verdict = gpu.wrong_losses({"torch": [2.0, 1.5, 1.2], "nnlite": given})
    assert verdict.keys() == ({"nnlite"} if wrong else set())


def test_without_pytorchs_losses_there_is_no_verdict():
    assert gpu.wrong_losses({"nnlite": [1.0]}) == {}


class Graphs:
    """torch.cuda as far as a graph needs it: what runs while capturing is noted, and done at each replay."""

    def __init__(self):
        self.capturing, self.noted = False, []

    def Stream(self):
        return types.SimpleNamespace(wait_stream=lambda other: None)

    current_stream = Stream

    def CUDAGraph(self):
        return types.SimpleNamespace(replay=lambda: [call() for call in self.noted])

    @contextmanager
    def stream(self, side):
        yield

    @contextmanager
    def graph(self, graph):
        self.capturing = True
        yield
        self.capturing = False


def test_a_cuda_graph_makes_as_many_steps_as_it_is_called(torch, monkeypatch):
    hooks, loss = [], [0]
    monkeypatch.setattr(
        sys.modules["torch.optim.optimizer"], "register_optimizer_step_pre_hook", lambda hook: hooks.append(hook)
    )
    cuda = Graphs()
    network = torch.nn.Linear(1, 1)
    network(torch.ones(1, 1)).sum().backward()

    def step():
        def work():
            loss[0] += 1

        cuda.noted.append(work) if cuda.capturing else work()
        return loss

    replay = variants.cuda_graph(types.SimpleNamespace(cuda=cuda), {"net": network}, step)
    assert [replay()[0] for _ in range(3)] == [1, 2, 3] and network.weight.grad is not None
    assert [replay()[0] for _ in range(3)] == [4, 5, 6] and network.weight.grad is None, "left to the graph"
    assert len(cuda.noted) == 1, "captured once"
    adam = torch.optim.Adam(network.parameters())
    hooks[0](adam, (), {})
    assert adam.param_groups[0]["capturable"] is True


def test_cupys_peak_counts_blocks_in_use(monkeypatch):
    hooks = []

    class MemoryHook:
        def __enter__(self):
            hooks.append(self)

    monkeypatch.setitem(sys.modules, "cupy", types.SimpleNamespace(cuda=types.SimpleNamespace(MemoryHook=MemoryHook)))
    memory = variants.CupyMemory()
    (hook,) = hooks
    hook.malloc_postprocess(device_id=0, size=1, mem_size=3 * 2**20, mem_ptr=8, pmem_id=1)
    hook.malloc_postprocess(device_id=0, size=1, mem_size=2 * 2**20, mem_ptr=0, pmem_id=0)  # one that failed
    hook.free_postprocess(device_id=0, mem_size=2**20, mem_ptr=8, pmem_id=1)
    assert memory.peak() == 3.0
    memory.restart()
    assert memory.peak() == 2.0
    hook.malloc_postprocess(device_id=0, size=1, mem_size=5 * 2**20, mem_ptr=8, pmem_id=1)
    assert memory.peak() == 7.0


class Sound:
    """A probe."""

    def names(self):
        return ["versions", "sound"]

    def measure(self, row):
        return f"figure of {row}"


class Broken(Sound):
    """A probe with a row that fails."""

    def names(self):
        return ["versions", "broken", "sound"]

    def measure(self, row):
        if row == "broken":
            raise ValueError("no such call")
        return super().measure(row)


def test_a_row_of_the_probe_that_fails_leaves_the_others(capsys):
    failures = gpu.Failures()
    assert gpu.probe([("Stand-in", Broken)], failures) == ["figure of versions"]
    out, err = capsys.readouterr()
    assert "Stand-in: sound" in out and "figure of sound" in out and "broken" not in out
    assert err == "failed: probe of Stand-in, broken: ValueError: no such call\n" and failures.count == 1


@pytest.mark.parametrize("probe, status", [(Sound, 0), (Broken, 1)])
def test_the_program_prints_writes_and_exits_with_what_happened(torch, monkeypatch, tmp_path, capsys, probe, status):
    def measured(name, sizes, rounds, device, failures):
        row = {f"{variant}_ms": 2.0 + i for i, variant in enumerate(VARIANTS)}
        peaks = {"nnlite_peak_mb": 100.0, "torch_peak_mb": 200.0}
        return {"work": name, "device": "gpu", **sizes, **row, **peaks, "ratio": 2.0}

    monkeypatch.setattr(gpu, "measure", measured)
    monkeypatch.setattr(gpu, "require_gpu", lambda: None)
    monkeypatch.setattr(gpu, "PROBES", [("Stand-in", probe)])
    monkeypatch.setattr(gpu, "check_equality", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["gpu", "--work", "pix2pix", "--json", str(tmp_path / "f.json")])
    with pytest.raises(SystemExit) as ended:
        run_program("gpu", gpu.main)
    assert ended.value.code == status
    rows = json.loads((tmp_path / "f.json").read_text())
    assert [row["batch"] for row in rows] == [1, 16] and "figure of versions" in rows[0]["machine"]
    one, sixteen = [line for line in capsys.readouterr().out.splitlines() if "Pix2Pix" in line]
    assert "2.00 (1.67) |    2.0 |     100 / 200" in one and "2.00 (1.67) |    1.0 |" in sixteen


def test_without_cupy_one_line_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpu"])
    monkeypatch.setattr(gpu.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        run_program("gpu", gpu.main)
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1 and "CuPy is not installed" in said and "pip install" in said


def test_without_a_gpu_one_line_says_so(torch, monkeypatch):
    monkeypatch.setattr(gpu.importlib.util, "find_spec", lambda name: True)
    monkeypatch.setattr(nnlite, "gpu_available", lambda: False)
    with pytest.raises(UserError, match="CuPy finds no GPU"):
        gpu.require_gpu()
    monkeypatch.setattr(nnlite, "gpu_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"PyTorch .* finds no GPU"):
        gpu.require_gpu()


def test_bursts_wait_for_the_device_on_both_sides(monkeypatch):
    """The order of a burst: one step, wait, the steps, wait."""
    subject = object.__new__(variants.Subject)
    order = []
    subject.step = lambda: order.append("step")
    monkeypatch.setattr(variants.Subject, "synchronise", lambda self: order.append("wait"))
    assert subject.burst(2) >= 0
    assert order == ["step", "wait", "step", "step", "wait"]


def test_targets_are_for_what_is_measured():
    assert all(batch in gpu.WORKS[name].gpu_batches for name, batch in gpu.TARGETS)
