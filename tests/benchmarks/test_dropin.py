"""PyTorch scripts run both ways: what is equal, what differs and what raises is told apart, and nothing gets out."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.dropin import judge, process
from benchmarks.dropin.chance import Chance
from benchmarks.dropin.process import Limits, Run
from benchmarks.dropin.scripts import Script, kind_of, runs_by_itself, scripts_in

ROOT = Path(__file__).parents[2]
SCRIPTS = {
    "trains": """
import os, torch, torchvision
from torch import nn
from torchvision import transforms
images = torchvision.datasets.MNIST("../../../data", download=True, transform=transforms.Compose(
    [transforms.RandomHorizontalFlip(), transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]))
net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(4 * 26 * 26, 10))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
os.makedirs("../../../data", exist_ok=True)
for epoch in range(100):
    for x, y in torch.utils.data.DataLoader(images, batch_size=16, shuffle=True, num_workers=2):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(net(x + 0.1 * torch.randn_like(x)), y).backward()
        optimizer.step()
""",
    "other_loss": """
import torch
w = torch.ones(3, requires_grad=True)
for _ in range(3):
    (w * (3.0 if "nnlite" in torch.__name__ else 2.0)).sum().backward()
""",
    "other_rate": """
import torch
w = torch.nn.Parameter(torch.ones(3))
optimizer = torch.optim.SGD([w], lr=1e-4 if "nnlite" in torch.__name__ else 2e-4)
for _ in range(4):
    w.sum().backward()
    optimizer.step()
""",
    "lacks": "import torch\nprint(torch.ones(1.0 if 'nnlite' in torch.__name__ else 1) * 0.5)\n",
    "refused": "import torch\ntorch.zeros(3) @ torch.zeros(4)\n",
    "needs": "import torch, no_such_package.part\nprint(torch)\n",
    "networks": """
import torch
from torch import nn
class Block(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3)
    def forward(self, x):
        return torch.relu(self.conv(x))
class Other(Block):
    def forward(self, x):
        return super().forward(x).flip(-1 if "nnlite" in torch.__name__ else -2)
def Pair():
    return nn.Sequential(Block(3, 8), Block(8, 8))
""",
}


def tool(*arguments):
    command = [sys.executable, "-m", "benchmarks.dropin", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def ran(torch, tmp_path_factory):
    """The tool's run over SCRIPTS: what it printed, and its rows as {(name, network): (outcome, detail)}."""
    folder = tmp_path_factory.mktemp("scripts") / "deep" / "down"
    folder.mkdir(parents=True)
    for name, text in SCRIPTS.items():
        (folder / f"{name}.py").write_text(text)
    done = tool(folder, "--steps", 3, "--jobs", os.cpu_count() or 1, "--json", folder / "rows.json")
    rows = json.loads((folder / "rows.json").read_text())
    assert sorted(path.name for path in folder.iterdir()) == sorted([*(f"{name}.py" for name in SCRIPTS), "rows.json"])
    assert not (folder.parents[2] / "data").exists(), "a script wrote outside its temporary folder"
    return done, {(Path(row["file"]).stem, row["network"]): (row["outcome"], row["detail"]) for row in rows}


def test_what_is_equal_is_equal(ran):
    _, rows = ran
    assert rows["trains", ""] == ("equal", "3 steps")
    assert rows["networks", "Block"][0] == rows["networks", "Pair"][0] == "equal"


def test_what_differs_is_found(ran):
    _, rows = ran
    assert rows["other_loss", ""] == ("differs", "loss 9 for 6 after 0 steps")
    assert rows["other_rate", ""][0] == "differs" and "norm of the change" in rows["other_rate", ""][1]
    assert rows["networks", "Other"][0] == "differs" and "output 0: share" in rows["networks", "Other"][1]


def test_what_only_nnlite_refuses_raises_and_names_the_line(ran):
    _, rows = ran
    outcome, reason = rows["lacks", ""]
    assert outcome == "raises" and reason.startswith("TypeError: ") and reason.endswith("(lacks.py:2)")


def test_what_is_not_nnlites_fault_is_not_held_against_it(ran):
    _, rows = ran
    assert rows["refused", ""][0] == "PyTorch raises itself" and "RuntimeError" in rows["refused", ""][1]
    assert rows["needs", ""] == ("needs", "no_such_package")


def test_the_table_counts_and_the_status_tells(ran):
    done, _ = ran
    assert done.returncode == 1 and done.stderr == ""
    assert "| equal                 |       1 |       25% |        2 |       67% |" in done.stdout.splitlines()


def test_a_script_that_takes_too_long_is_ended(tmp_path):
    (tmp_path / "slow.py").write_text("import torch\nwhile True:\n    pass\n")
    run = process.run(Script(tmp_path / "slow.py", "other"), "nnlite", [], Limits(4, 0.3))
    assert run.end == "timed out" and judge.of_torch(run).outcome == "timed out"


@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_every_run_and_leaves_nothing_behind(torch, tmp_path, signal_sent):
    """The scripts run in sessions of their own, which the terminal's Ctrl-C does not reach."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "scripts").mkdir()
    begun = tmp_path / "begun"
    text = f"import os, torch, pathlib\npathlib.Path({str(begun)!r}).write_text(str(os.getpid()))\nwhile True: pass\n"
    for name in "ab":
        (tmp_path / "scripts" / f"{name}.py").write_text(text)
    command = [sys.executable, "-m", "benchmarks.dropin", str(tmp_path / "scripts")]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=environment) as process:
        while not (begun.exists() and begun.read_text()):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal_sent)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130 and error.strip().endswith("interrupted; the scripts listed above are done")
    assert not list((tmp_path / "temporary").iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["no/such/folder"], "dropin: no/such/folder does not exist; name a folder of PyTorch scripts"),
        (["docs", "--steps", 0], "dropin: --steps, --jobs and --seconds must be above 0"),
        ([], "dropin: the following arguments are required: FOLDER"),
    ],
)
def test_a_mistake_is_one_line(arguments, message):
    done = tool(*arguments)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and message in done.stderr


def test_without_pytorch_one_line_says_so(monkeypatch, tmp_path, capsys):
    import benchmarks.dropin.__main__ as program

    monkeypatch.setattr(sys, "argv", ["dropin", str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(program.UserError, match=r"PyTorch is not installed.*; pip install torch"):
        program.main()


def test_files_are_told_apart(tmp_path):
    train = "from torch import nn\nloss.backward()\n"
    assert kind_of(train) == "training" and kind_of("import torch.nn\nclass A(torch.nn.Module): pass\n") == "networks"
    assert kind_of("import torch\nprint(1)\n") == "other" and kind_of("import torchvision\n") is None
    assert kind_of("import torch\nprint 1\n") == "other", "PyTorch's run will say that it is no Python"
    assert runs_by_itself("x = 1\nfor i in range(3): pass\n") and not runs_by_itself('"""Doc"""\ndef f(): g()\n')
    for name in ("b/one.py", "a.py", ".git/hook.py", "b/__pycache__/two.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(train)
    assert [script.path.relative_to(tmp_path).as_posix() for script in scripts_in([tmp_path])] == ["a.py", "b/one.py"]


def test_random_numbers_do_not_depend_on_what_else_is_drawn():
    one, other = Chance(), Chance()
    weight = one.normal((3, 2))
    other.uniform((3, 2)), other.normal((2,)), other.permutation(6)
    assert np.array_equal(weight, other.normal((3, 2))) and not np.array_equal(weight, other.normal((3, 2)))
    one.start(0)
    assert np.array_equal(weight, one.normal((3, 2)))
    one.start(1)
    assert not np.array_equal(weight, one.normal((3, 2)))


def test_choices_follow_the_weights():
    weights = np.array([[1.0, 3.0, 0.0]])
    drawn = Chance().choices(weights.repeat(4000, 0), 1, replacement=True)
    assert drawn.shape == (4000, 1) and drawn.max() == 1 and abs(drawn.mean() - 0.75) < 0.03
    assert sorted(Chance().choices(weights, 2, replacement=False)[0]) == [0, 1]


def run_of(*events, printed=""):
    return Run("stopped", list(events), {}, printed)


@pytest.mark.parametrize(
    "theirs, ours, said",
    [
        ({"loss": 1.0}, {"loss": 1.0005}, None),
        ({"loss": float("nan")}, {"loss": float("nan")}, None),
        ({"loss": 1.0}, {"loss": 1.01}, "loss 1.01 for 1 after 0 steps"),
        ({"loss": 1.0}, {"loss": float("nan")}, "loss nan for 1 after 0 steps"),
        ({"loss": [1.0, 2.0]}, {"loss": 1.0}, "loss 1 for [1, 2] after 0 steps"),
        ({"loss": 1.0}, {"step": {"gradient": 1.0, "change": 1.0}}, "a loss in PyTorch, a step in nnlite"),
        (
            {"step": {"gradient": 1.0, "change": 1.0}},
            {"step": {"gradient": 1.0, "change": 1.1}},
            "norm of the change 1.1 for 1 in step 1",
        ),
    ],
)
def test_losses_and_steps_are_compared(theirs, ours, said):
    verdict = judge.judge(run_of(theirs), run_of(ours), 1e-3)
    assert verdict.outcome == ("differs" if said else "equal") and (said or "") in verdict.detail


def test_a_run_that_ends_early_differs():
    verdict = judge.judge(run_of({"loss": 1.0}, {"loss": 2.0}), run_of({"loss": 1.0}), 1e-3)
    assert verdict.outcome == "differs" and verdict.detail.startswith("only 1 losses and steps in common")


def test_without_losses_the_printed_numbers_are_compared():
    def outcome(theirs, ours):
        return judge.judge(run_of(printed=theirs), run_of(printed=ours), 1e-3).outcome

    assert outcome("took 3 s: tensor([0.5, 1.])", "took 4 s: tensor([0.5 , 1.0])") == "equal"
    assert outcome("0.5", "0.6") == outcome("0.5", "0.5 0.6") == "differs"
    assert outcome("done", "done") == "nothing to compare"


def test_what_rounding_changes_as_much_is_not_held_against_nnlite():
    one, other, same = run_of({"loss": 1.0}), run_of({"loss": 1.1}), run_of({"loss": 1.0})
    differs = judge.judge(one, other, 1e-3)
    assert judge.reconsidered(differs, judge.judge(one, other, 1e-3)).outcome == "too sensitive to tell"
    assert judge.reconsidered(differs, judge.judge(one, same, 1e-3)) == differs
    shaken, steady = Chance(shaken=True).normal((1000,)), Chance().normal((1000,))
    assert 1e-7 < np.abs(shaken / steady - 1).max() < 2e-6
