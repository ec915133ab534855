"""`import nnlite` needs NumPy only, and works where the C library cannot be asked for without a name (Windows)."""

import subprocess
import sys

TRAINING = """
import numpy as np
import nnlite
from nnlite import nn, optim

nnlite.manual_seed(0)
model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3))
optimiser = optim.Adam(model.parameters())
images, classes = nnlite.randn(4, 1, 8, 8), nnlite.tensor([0, 1, 2, 0])
loss = nn.CrossEntropyLoss()(model(images), classes)
before = model[0].weight.detach().numpy().copy()
loss.backward()
optimiser.step()
assert not np.array_equal(before, model[0].weight.detach().numpy())
"""

BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("safetensors", "tqdm", "matplotlib", "cv2", "PIL"):
            raise ModuleNotFoundError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
try:
    import tqdm
except ModuleNotFoundError:
    pass
else:
    raise AssertionError("nothing is blocked")
"""

AS_ON_WINDOWS = """
import ctypes

class CDLL(ctypes.CDLL):
    def __init__(self, name, *arguments, **options):
        if name is None:
            raise TypeError("expected str, bytes or os.PathLike object, not NoneType")
        super().__init__(name, *arguments, **options)

ctypes.CDLL = CDLL
"""


def run(program):
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_numpy_is_enough():
    run(BLOCKED + TRAINING)


def test_a_c_library_without_a_name_is_not_needed():
    run(AS_ON_WINDOWS + TRAINING + "nnlite.backends.keep_freed_memory()\n")
