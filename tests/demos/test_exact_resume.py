"""A run that was killed and resumed equals one that never stopped, bit for bit, for every demo and option that trains.

The kill is an exception that nothing catches, raised at chosen points of a save. Then everything is built again with
--resume, in the same process, after drawing other random numbers. Real SIGKILLs come at the end.
"""

import importlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

import nnlite
from demos.shared import run as run_module
from demos.shared.run import Run
from stylize import resize_short_side

from .runner import PHOTOS, ROOT, call_here
from .runner import start as start_demo

SAVE_EVERY, STEPS = 3, 8  # saves after 3, 6 and 8 steps

PHOTO_NAMES = ("sunset", "two-dogs", "cat", "parrot")  # Pix2Pix never saw the third, as demos.cyclegan needs
OTHER_NAMES = ("coffee", "rocket", "astronaut")

# Every demo that trains, with every option that changes how. PHOTOS_HERE is replaced by a folder with a few photos,
# PAIRS_HERE by the same folder: each photo's left and right half are a pair. OTHERS_HERE is a folder with other photos.
PHOTOS_HERE = PAIRS_HERE = "PHOTOS_HERE"
OTHERS_HERE = "OTHERS_HERE"
NETWORKS = ("lenet5", "alexnet", "vgg", "googlenet", "resnet", "plain", "densenet")
TINY_GAN = ("--batch", "4", "--width", "4", "--latent", "3")
STRATEGY = ("--label-low", ".8", "--discriminator-steps", "2", "--generator-steps", "2", "--noise", ".2")
TINY_CARTOONS = ("--photos", PHOTOS_HERE, "--batch", "2")
TINY_CYCLE = ("--width", "1", "--blocks", "1", "--size", "32", "--batch", "8")  # its pools of 50 are full at step 7
TINY_SR = ("--width", "2", "--blocks", "1", "--batch", "2", "--crop", "8")
TINY_PAINT = ("--size", "32", "--style", str(PHOTOS / "coffee.jpg"))
VARIANTS = {
    "gan": ("gan", *TINY_GAN),
    "gan conditional": ("gan", *TINY_GAN, "--conditional"),
    "gan strategy": ("gan", *TINY_GAN, *STRATEGY, "--spectral-norm"),
    "gan conditional strategy": ("gan", *TINY_GAN, *STRATEGY, "--conditional", "--spectral-norm"),
    **{f"dcgan {size}": ("dcgan", *TINY_GAN, "--size", size) for size in ("28", "32", "64")},
    "dcgan strategy": ("dcgan", *TINY_GAN, *STRATEGY, "--spectral-norm"),
    "dcgan data": ("dcgan", "--batch", "2", "--width", "4", "--latent", "3", "--data", PHOTOS_HERE),
    "wgan": ("wgan", *TINY_GAN, "--discriminator-steps", "2"),
    "stylegan": ("stylegan", *TINY_GAN),
    "wgan gradient": ("wgan", *TINY_GAN, "--discriminator-steps", "2", "--penalty", "gradient"),
    "sagan": ("sagan", *TINY_GAN, "--discriminator-steps", "2"),
    "sagan plain": ("sagan", *TINY_GAN, "--no-attention"),
    "synthetic": ("synthetic", *TINY_GAN),
    "edit": ("edit", "--batch", "4", "--latent", "3", "--copies", "0"),
    "duel": ("duel", "--batch", "4"),
    "vae": ("vae", "--batch", "4", "--latent", "3", "--beta", "2"),
    "vae dense": ("vae", "--batch", "4", "--kind", "dense"),
    "latent": ("latent", "--batch", "4"),
    "autoencoder": ("autoencoder", "--batch", "4"),
    **{f"autoencoder {k}": ("autoencoder", "--batch", "4", "--kind", k) for k in ("conv", "denoising", "contractive")},
    **{f"sparse {p}": ("autoencoder", "--batch", "4", "--kind", "sparse", "--penalty", p) for p in ("kl", "l1")},
    "denoise": ("denoise", "--batch", "4"),
    "inpaint": ("inpaint", "--batch", "4"),
    "context_encoder": ("context_encoder", "--batch", "4"),
    "anomaly": ("anomaly", "--batch", "20"),
    "search": ("search", "--batch", "4"),
    "text to image": ("text_to_image", *TINY_GAN),
    "retrieve": ("retrieve", "--batch", "4"),
    "compress": ("compress", "--batch", "4"),
    "features": ("features", "--batch", "4"),
    **{f"classify {network}": ("classify", "--batch", "4", "--network", network) for network in NETWORKS},
    "caption": ("caption", "--batch", "4"),
    "depth": ("depth", "--batch", "4", "--width", "2"),
    "transfer": ("transfer", "--batch", "4"),
    "segment": ("segment", "--batch", "2", "--width", "2"),
    "plates": ("plates", "--batch", "2", "--width", "2"),
    "shallow": ("shallow", "--batch", "2", "--labels", "100"),
    "detect": ("detect", "--batch", "2", "--width", "2"),
    "style_transfer": ("style_transfer", *TINY_PAINT),
    "style_transfer lbfgs": ("style_transfer", *TINY_PAINT, "--size", "16", "--optimizer", "lbfgs"),
    "cartoonize": ("cartoonize", *TINY_CARTOONS, "--size", "32"),
    "cartoonize unet": ("cartoonize", *TINY_CARTOONS, "--size", "32", "--generator", "unet"),
    "cartoonize full": ("cartoonize", *TINY_CARTOONS, "--size", "64", "--preset", "full"),
    "translate": ("translate", *TINY_CARTOONS, "--size", "32", "--task", "inpaint"),
    "translate pairs": ("translate", "--pairs", PAIRS_HERE, "--batch", "2", "--size", "32", "--direction", "BtoA"),
    "ablation": ("ablation", "--batch", "1", "--size", "32"),
    "cyclegan": ("cyclegan", "--photos", PHOTOS_HERE, *TINY_CYCLE),
    "cyclegan folders": ("cyclegan", "--a", PHOTOS_HERE, "--b", OTHERS_HERE, *TINY_CYCLE),
    # The first save is in the first stage or just at its end; the second in the second stage.
    "super_resolution": ("super_resolution", "--photos", PHOTOS_HERE, *TINY_SR, "--content-steps", "5"),
    "super_resolution switch": ("super_resolution", "--photos", PHOTOS_HERE, *TINY_SR, "--content-steps", "3"),
}
QUICK = {"gan strategy", "dcgan 28", "autoencoder", "style_transfer"}


class Killed(BaseException):
    """The process is gone."""


class Trained(BaseException):
    """Training has ended; the rest of the demo is skipped."""


@pytest.fixture(scope="module")
def few_photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for name in PHOTO_NAMES:
        shutil.copy(PHOTOS / f"{name}.jpg", folder)
    return folder


@pytest.fixture(scope="module")
def other_photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("others")
    for name in OTHER_NAMES:
        shutil.copy(PHOTOS / f"{name}.jpg", folder)
    return folder


@pytest.fixture
def demo_run(few_digits, few_photos, other_photos, monkeypatch):
    """run(out, demo, *options, after=0, between=0, whole=False, status=0): run a demo in this process, maybe kill it.

    after     kill it right after this save; the first is 1
    between   kill it in this save, between the checkpoint and the losses
    whole     also run what comes after training
    status    the expected exit status, if nothing ends the run before
    """

    def run(out, demo, *options, after=0, between=0, whole=False, status=0):
        saves, save, write_rows, batches = [], Run._save, run_module.write_rows, Run.batches

        def counted_save(self):
            saves.append(self.step)
            save(self)
            if len(saves) == after:
                raise Killed

        def interrupted_rows(path, rows):
            if len(saves) == between:
                raise Killed
            write_rows(path, rows)

        def only_train(self, *loader):
            yield from batches(self, *loader)
            raise Trained

        nnlite.manual_seed(np.random.default_rng().integers(2**32))  # earlier runs must not matter
        folders = {PHOTOS_HERE: str(few_photos), OTHERS_HERE: str(other_photos)}
        options = [folders.get(option, option) for option in options]
        with monkeypatch.context() as patch:
            patch.setattr("demos.shared.options.BUNDLED", few_photos)
            patch.setattr("demos.cyclegan.cartoons.resize_short_side", lambda photo, _: resize_short_side(photo, 64))
            patch.setattr(run_module, "SAVE_EVERY", SAVE_EVERY)
            patch.setattr(run_module, "write_rows", interrupted_rows)
            patch.setattr(Run, "_save", counted_save)
            if not whole:
                patch.setattr(Run, "batches", only_train)
            try:
                ended, _, stderr = call_here("--out", out, "--device", "cpu", *options, demo=demo)
            except (Killed, Trained) as end:
                return type(end)
        assert ended == status, stderr
        return None

    return run


def resumable(options):
    """The options that have to be given again, because they are not in the checkpoint."""
    return [
        text
        for name, value in itertools.pairwise(options)
        if name in ("--photos", "--data", "--pairs", "--a", "--b")
        for text in (name, value)
    ]


def left(folder):
    """Everything that a run leaves, except the time it took."""
    state = nnlite.load(folder / "checkpoint.safetensors")
    del state["progress"]["seconds"]
    pictures = {path.name: path.read_bytes() for path in (folder / "samples").glob("*")}
    tables = {
        name: (folder / name).read_bytes() for name in ("losses.csv", "validation.csv") if (folder / name).exists()
    }
    return flat(state) | pictures | tables


def flat(state, prefix=""):
    found = {}
    for name, value in state.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}/")
        else:
            found[f"{prefix}{name}"] = value.numpy().tobytes() if isinstance(value, nnlite.Tensor) else value
    return found


def assert_same(one, other):
    assert one.keys() == other.keys()
    assert not [name for name in one if one[name] != other[name]]


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in VARIANTS])
def test_a_run_killed_twice_equals_an_undisturbed_one(name, demo_run, tmp_path):
    demo, *options = VARIANTS[name]
    if "lbfgs" in options:
        pytest.importorskip("scipy")
    start = (demo, *options, "--steps", str(STEPS))
    assert demo_run(tmp_path / "whole", *start) is Trained
    again = (demo, *resumable(options), "--resume")
    assert demo_run(tmp_path / "killed", *start, after=1) is Killed
    assert nnlite.load(tmp_path / "killed" / "checkpoint.safetensors")["progress"]["step"] == 3
    assert demo_run(tmp_path / "killed", *again, between=1) is Killed
    assert nnlite.load(tmp_path / "killed" / "checkpoint.safetensors")["progress"]["step"] == 6
    assert demo_run(tmp_path / "killed", *again) is Trained
    whole = left(tmp_path / "whole")
    assert whole["progress/step"] == STEPS and len(whole["losses.csv"].splitlines()) == STEPS + 1
    assert_same(whole, left(tmp_path / "killed"))


def test_every_demo_that_trains_is_tried():
    programs = [path for path in (ROOT / "demos").rglob("*.py") if "parser.settle(" in path.read_text()]
    trains = {path.parent.name if path.stem == "__main__" else path.stem for path in programs}
    assert trains == {demo for demo, *_ in VARIANTS.values()}


# Before the first save, and after the last


@pytest.mark.slow
@pytest.mark.parametrize("end", [Killed, KeyboardInterrupt])
@pytest.mark.parametrize("name", ["gan strategy", "cartoonize"])
def test_a_run_stopped_while_making_data_begins_again_with_the_same_options(name, end, demo_run, tmp_path, monkeypatch):
    demo, *options = VARIANTS[name]
    start = (demo, *options, "--steps", "4", "--seed", "5")
    assert demo_run(tmp_path / "whole", *start) is Trained

    def stop(*_, **__):
        raise end

    with monkeypatch.context() as patch:
        patch.setattr(Run, "batches", stop)
        patch.setattr("demos.cartoonize.pairs.variations", stop)
        assert demo_run(tmp_path / "stopped", *start, status=130) is (Killed if end is Killed else None)
    assert not (tmp_path / "stopped" / "checkpoint.safetensors").exists()
    assert demo_run(tmp_path / "stopped", demo, *resumable(options), "--resume") is Trained
    assert_same(left(tmp_path / "whole"), left(tmp_path / "stopped"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gan conditional", "latent", "search"])
def test_a_run_stopped_while_being_judged_gives_the_same_figures(name, demo_run, tmp_path, monkeypatch):
    demo, *options = VARIANTS[name]
    start = (demo, *options, "--steps", "2")
    demo_run(tmp_path / "whole", *start, whole=True)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Run, "finish", stop)
        demo_run(tmp_path / "stopped", *start, whole=True, status=130)
    assert not (tmp_path / "stopped" / "metrics.json").exists()
    demo_run(tmp_path / "stopped", demo, "--resume", whole=True)
    whole, stopped = (json.loads((tmp_path / run / "metrics.json").read_text()) for run in ("whole", "stopped"))
    assert whole | {"seconds": 0} == stopped | {"seconds": 0}
    for weights in (tmp_path / "whole").glob("*.safetensors"):
        if weights.stem != "checkpoint":
            assert_same(flat(nnlite.load(weights)), flat(nnlite.load(tmp_path / "stopped" / weights.name)))


@pytest.mark.slow
def test_the_second_task_of_transfer_is_the_same_after_a_stop(few_digits, tmp_path, monkeypatch):
    transfer = importlib.import_module("demos.transfer")
    few = importlib.import_module("demos.shared.digits").load_digits
    for name, value in (("load_digits", few), ("DRAWS", 1), ("STEPS", 50)):
        monkeypatch.setattr(transfer, name, value)

    def run(out, *options):
        monkeypatch.setattr("sys.argv", ["transfer", "--out", str(tmp_path / out), "--device", "cpu", *options])
        return transfer.main()

    start = ("--steps", "2", "--batch", "4", "--labels", "4")
    assert run("whole", *start) == 0
    with monkeypatch.context() as patch:
        patch.setattr(transfer, "learn", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            run("stopped", *start)
    assert run("stopped", "--resume") == 0
    whole, stopped = (json.loads((tmp_path / run / "metrics.json").read_text()) for run in ("whole", "stopped"))
    assert whole | {"seconds": 0} == stopped | {"seconds": 0}


# With real signals

KILLED = """
import os, runpy, signal, sys
from demos.shared import run as training
place, demo = sys.argv[1:3]
sys.argv = sys.argv[2:]
training.SAVE_EVERY = 3
save, write_rows = training.Run._save, training.write_rows
def kill():
    os.kill(os.getpid(), signal.SIGKILL)
def save_and_die(self):
    save(self)
    if place == "after":
        kill()
def die_between(path, rows):
    write_rows(path, rows) if place == "after" else kill()
training.Run._save, training.write_rows = save_and_die, die_between
if place == "pairs":
    from stylize import pair_files
    write, written = pair_files.write_image, []
    def write_two(path, image):
        written.append(path)
        write(path, image) if len(written) < 3 else kill()
    pair_files.write_image = write_two
runpy.run_module(f"demos.{demo}", run_name="__main__", alter_sys=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("place", ["after", "between", "pairs"])
def test_sigkill(place, demo_run, few_photos, tmp_path):
    demo, *options = VARIANTS["cartoonize"]
    start = (demo, *options, "--steps", "4")
    assert demo_run(tmp_path / "whole", *start) is Trained
    given = [str(few_photos) if option == PHOTOS_HERE else option for option in start]
    command = [sys.executable, "-c", KILLED, place, *given, "--device", "cpu", "--out", str(tmp_path / "killed")]
    process = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, timeout=120)
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert (tmp_path / "killed" / "checkpoint.safetensors").exists() == (place != "pairs")
    assert (tmp_path / "killed" / "losses.csv").exists() == (place == "after")
    assert demo_run(tmp_path / "killed", demo, *resumable(options), "--resume") is Trained
    assert_same(left(tmp_path / "whole"), left(tmp_path / "killed"))


@pytest.mark.slow
def test_sigterm_saves_like_ctrl_c(tmp_path):
    process = start_demo("--steps", 10**6, *TINY_GAN, "--out", tmp_path, demo="gan")
    seen = ""
    while not re.search(r" [1-9]\d*/1000000 ", seen):
        character = process.stderr.read(1)
        assert character, f"it ended before it could be stopped: {seen}"
        seen += character
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in rest and "--resume" in rest, rest
    assert nnlite.load(tmp_path / "checkpoint.safetensors")["progress"]["step"] > 0
